// The second half of a transformer layer: LayerNorm(x + dropout(GELU(x·W₁ᵀ + b₁)·W₂ᵀ + b₂)).
#include "ops.h"

#include "columnSums.h"
#include "dropout.h"
#include "op.h"
#include "product.h"
#include "residualNorm.h"

namespace contrafit {

namespace {

/** What the backward pass needs, in one opaque tensor. */
template <class T>
struct Kept {
  /** Before GELU, [rows, inner]; after it where nothing is kept. */
  T* before;
  Normalised normalised;

  Kept(int32_t* memory, int64_t rows, int64_t width, int64_t inner) {
    Layout layout(memory);
    before = layout.array<T>(rows * inner);
    normalised = {layout.array<float>(rows * width), layout.array<float>(rows)};
  }
  static int64_t units(int64_t rows, int64_t width, int64_t inner) {
    return Layout::units<T>(rows * inner) + Layout::units<float>(rows * width) + Layout::units<float>(rows);
  }
};

template <class T>
void activate(const T* before, int64_t count, T* after) {
#pragma omp parallel for simd schedule(static)
  for (int64_t i = 0; i < count; i++) {
    const float x = toFloat(before[i]);
    after[i] = fromFloat<T>(x * normal(x).cumulative);
  }
}

class FeedForward {
 public:
  static Signature signature() {
    return {"ContrafitFeedForward",
            {"x: float", "inner_weight: float", "inner_bias: float", "outer_weight: float", "outer_bias: float",
             "norm_weight: float", "norm_bias: float", "dropout_key: int32"},
            {"y: float", "kept: int32"},
            {"epsilon: float", "rate: float", "rounds_factors: bool", "keeps: bool"}};
  }

  explicit FeedForward(const Attributes& attributes)
      : epsilon_(attributes.number("epsilon")),
        rate_(attributes.number("rate")),
        bfloat16_(attributes.flag("rounds_factors")),
        keeps_(attributes.flag("keeps")) {}

  void run(Call& call) const { bfloat16_ ? run<Bfloat16>(call) : run<float>(call); }

 private:
  template <class T>
  void run(Call& call) const {
    Scratch scratch;
    const int64_t rows = call.length(0, 0), width = call.length(0, 1), inner = call.length(1, 0);
    const float* x = call.floats(0);
    const Kept<T> kept(keptMemory(call, 1, Kept<T>::units(rows, width, inner), keeps_, scratch), rows, width, inner);
    float* y = call.output(0, {rows, width});

    const Matrix<const T> input(asFactor<T>(x, rows * width, scratch), rows, width);
    multiplyByWeight(input, Matrix<const float>(call.floats(1), inner, width), Weight::forward,
                     Matrix<T>(kept.before, rows, inner), scratch, {.bias = call.floats(2), .gelu = !keeps_});
    T* after = kept.before;
    if (keeps_) {
      after = scratch.array<T>(rows * inner);
      activate(kept.before, rows * inner, after);
    }
    float* product = scratch.array<float>(rows * width);
    multiplyByWeight(Matrix<const T>(after, rows, inner), Matrix<const float>(call.floats(3), width, inner),
                     Weight::forward, Matrix<float>(product, rows, width), scratch, {.bias = call.floats(4)});
    residualNorm(x, product, rows, width, Dropout(call.integers(7), rate_), {call.floats(5), call.floats(6), epsilon_},
                 keeps_ ? kept.normalised : Normalised{product, kept.normalised.inverse}, y);
  }

  float epsilon_;
  float rate_;
  bool bfloat16_;
  bool keeps_;
};

class FeedForwardGradient {
 public:
  static Signature signature() {
    return {"ContrafitFeedForwardGradient",
            {"upstream: float", "x: float", "inner_weight: float", "outer_weight: float", "norm_weight: float",
             "dropout_key: int32", "kept: int32"},
            {"x_gradient: float", "inner_weight_gradient: float", "inner_bias_gradient: float",
             "outer_weight_gradient: float", "outer_bias_gradient: float", "norm_weight_gradient: float",
             "norm_bias_gradient: float"},
            {"rate: float", "rounds_factors: bool"}};
  }

  explicit FeedForwardGradient(const Attributes& attributes)
      : rate_(attributes.number("rate")), bfloat16_(attributes.flag("rounds_factors")) {}

  void run(Call& call) const { bfloat16_ ? run<Bfloat16>(call) : run<float>(call); }

 private:
  template <class T>
  void run(Call& call) const {
    Scratch scratch;
    const int64_t rows = call.length(1, 0), width = call.length(1, 1), inner = call.length(2, 0);
    call.require(call.size(6) == Kept<T>::units(rows, width, inner), "what the forward pass has kept");
    const Kept<T> kept(const_cast<int32_t*>(call.integers(6)), rows, width, inner);
    float* xGradient = call.output(0, {rows, width});

    T* product = scratch.array<T>(rows * width);
    residualNormGradient<T>(call.floats(0), kept.normalised, call.floats(4), rows, width, Dropout(call.integers(5), rate_),
                            {xGradient, product, call.output(4, {width}), call.output(5, {width}), call.output(6, {width})},
                            scratch);
    const Matrix<const T> outer(product, rows, width);
    T* after = scratch.array<T>(rows * inner);
    T* gradient = scratch.array<T>(rows * inner);
    multiplyByWeight(outer, Matrix<const float>(call.floats(3), width, inner), Weight::backward,
                     Matrix<T>(gradient, rows, inner), scratch);
    float* const sums[1] = {call.output(2, {inner})};
    columnSums(rows, inner, sums, scratch, [&](int64_t row, float* sum) {
      const T* x = kept.before + row * inner;
      T* activated = after + row * inner;
      T* through = gradient + row * inner;
#pragma omp simd
      for (int64_t i = 0; i < inner; i++) {
        const float value = toFloat(x[i]);
        const Normal n = normal(value);
        activated[i] = fromFloat<T>(value * n.cumulative);
        const float slope = toFloat(through[i]) * (n.cumulative + value * n.density);
        through[i] = fromFloat<T>(slope);
        sum[i] += slope;
      }
    });
    multiplyTransposed(outer, Matrix<const T>(after, rows, inner), Matrix<float>(call.output(3, {width, inner}), width, inner));
    const Matrix<const T> before(gradient, rows, inner);
    const Matrix<const T> input(asFactor<T>(call.floats(1), rows * width, scratch), rows, width);
    multiplyTransposed(before, input, Matrix<float>(call.output(1, {inner, width}), inner, width));
    multiplyByWeight(before, Matrix<const float>(call.floats(2), inner, width), Weight::backward,
                     Matrix<float>(xGradient, rows, width), scratch, {.accumulate = true});
  }

  float rate_;
  bool bfloat16_;
};

}  // namespace

void defineFeedForward() {
  defineOp<FeedForward>();
  defineOp<FeedForwardGradient>();
}

}  // namespace contrafit
