// The sum of a tensor's squares, in one pass over memory.
#include <algorithm>

#include "memory.h"
#include "op.h"
#include "ops.h"

namespace contrafit {

namespace {

/** Numbers that are summed up one after the other; their sums are added in a fixed order. */
constexpr int64_t chunkSize = 16384;

class SquaredNorm {
 public:
  static Signature signature() { return {"ContrafitSquaredNorm", {"x: float"}, {"norm: float"}, {}}; }

  explicit SquaredNorm(const Attributes&) {}

  void run(Call& call) const {
    Scratch scratch;
    const float* x = call.floats(0);
    const int64_t size = call.size(0), chunks = (size + chunkSize - 1) / chunkSize;
    double* sums = scratch.array<double>(std::max<int64_t>(chunks, 1));
#pragma omp parallel for schedule(static) if (chunks > 4)
    for (int64_t chunk = 0; chunk < chunks; chunk++) {
      const int64_t end = std::min(size, (chunk + 1) * chunkSize);
      float sum = 0;
#pragma omp simd reduction(+ : sum)
      for (int64_t i = chunk * chunkSize; i < end; i++) sum += x[i] * x[i];
      sums[chunk] = sum;
    }
    double total = 0;
    for (int64_t chunk = 0; chunk < chunks; chunk++) total += sums[chunk];
    *call.output(0, {}) = static_cast<float>(total);
  }
};

}  // namespace

void defineSquaredNorm() { defineOp<SquaredNorm>(); }

}  // namespace contrafit
