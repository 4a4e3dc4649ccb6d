// A dense layer's product alone: what the doctor measures, and asks for its precision.
#include "op.h"
#include "ops.h"
#include "product.h"

namespace contrafit {

namespace {

class ProductOp {
 public:
  static Signature signature() {
    return {"ContrafitProduct", {"x: float", "weight: float"}, {"product: float"}, {"rounds_factors: bool"}};
  }

  explicit ProductOp(const Attributes& attributes) : bfloat16_(attributes.flag("rounds_factors")) {}

  void run(Call& call) const { bfloat16_ ? run<Bfloat16>(call) : run<float>(call); }

 private:
  template <class T>
  void run(Call& call) const {
    Scratch scratch;
    const int64_t rows = call.length(0, 0), inner = call.length(0, 1), columns = call.length(1, 0);
    const Matrix<const T> x(asFactor<T>(call.floats(0), rows * inner, scratch), rows, inner);
    multiplyByWeight(x, Matrix<const float>(call.floats(1), columns, inner), Weight::forward,
                     Matrix<float>(call.output(0, {rows, columns}), rows, columns), scratch);
  }

  bool bfloat16_;
};

}  // namespace

void defineProduct() { defineOp<ProductOp>(); }

}  // namespace contrafit
