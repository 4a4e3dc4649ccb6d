// AdamW's update of one variable in place; the formula is that of src/training/optimiser.ts.
#include <cmath>

#include "op.h"
#include "ops.h"

namespace contrafit {

namespace {

class AdamW {
 public:
  static Signature signature() {
    return {"ContrafitAdamW",
            {"value: float", "mean: float", "square: float", "gradient: float", "scalars: float"},
            {"done: float"},
            {}};
  }

  explicit AdamW(const Attributes&) {}

  void run(Call& call) const {
    float* value = call.changed(0);
    float* mean = call.changed(1);
    float* square = call.changed(2);
    const float* gradient = call.floats(3);
    const float* scalars = call.floats(4);
    const float gradientScale = scalars[0], beta1 = scalars[1], beta2 = scalars[2], rate = scalars[3],
                epsilon = scalars[4], keep = scalars[5];
    const int64_t size = call.size(0);
    call.require(call.size(1) == size && call.size(2) == size && call.size(3) == size && call.size(4) == 6,
                 "means and a gradient of the value's size, and six scalars");
#pragma omp parallel for simd schedule(static) if (size > 65536)
    for (int64_t i = 0; i < size; i++) {
      const float slope = gradient[i] * gradientScale;
      mean[i] = mean[i] * beta1 + slope;
      square[i] = square[i] * beta2 + slope * slope;
      value[i] = value[i] * keep - rate * mean[i] / (std::sqrt(square[i]) + epsilon);
    }
    *call.output(0, {}) = 1.0f;
  }
};

}  // namespace

void defineAdamW() { defineOp<AdamW>(); }

}  // namespace contrafit
