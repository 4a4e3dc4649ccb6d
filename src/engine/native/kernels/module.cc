// The module that Node loads: it makes the ops known to TensorFlow, in the process that has loaded TensorFlow's binding.
#include <node_api.h>

#include <exception>

#include "ops.h"

namespace {

napi_value load(napi_env environment, napi_value exports) {
  try {
    contrafit::defineEmbeddings();
    contrafit::defineAttention();
    contrafit::defineFeedForward();
    contrafit::defineAdamW();
    contrafit::defineSquaredNorm();
    contrafit::defineProduct();
    contrafit::defineRelevantRanks();
  } catch (const std::exception& error) {
    napi_throw_error(environment, nullptr, error.what());
  }
  return exports;
}

}  // namespace

NAPI_MODULE(NODE_GYP_MODULE_NAME, load)
