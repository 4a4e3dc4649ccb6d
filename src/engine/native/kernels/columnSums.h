// Sums over the rows of several matrices at once: the gradients of biases and of LayerNorm's parameters.
#pragma once

#include <algorithm>
#include <cstdint>

#include "memory.h"

namespace contrafit {

/** Rows that are summed up one after the other. Its sums are added in a fixed order, whatever the number of threads. */
constexpr int64_t chunkRows = 64;

/**
 * Calls `add(row, sums)` for each row, where `sums` are `count` arrays of `width` numbers, one after the other, and adds
 * them up into `results`.
 */
template <int count, class Add>
void columnSums(int64_t rows, int64_t width, float* const (&results)[count], Scratch& scratch, Add add) {
  const int64_t chunks = (rows + chunkRows - 1) / chunkRows;
  float* partial = scratch.array<float>(std::max<int64_t>(chunks, 1) * count * width);
#pragma omp parallel for schedule(static)
  for (int64_t chunk = 0; chunk < chunks; chunk++) {
    float* sums = partial + chunk * count * width;
    std::fill(sums, sums + count * width, 0.0f);
    const int64_t end = std::min(rows, (chunk + 1) * chunkRows);
    for (int64_t row = chunk * chunkRows; row < end; row++) add(row, sums);
  }
  for (int which = 0; which < count; which++) {
    float* result = results[which];
    std::fill(result, result + width, 0.0f);
    for (int64_t chunk = 0; chunk < chunks; chunk++) {
      const float* sums = partial + (chunk * count + which) * width;
#pragma omp simd
      for (int64_t column = 0; column < width; column++) result[column] += sums[column];
    }
  }
}

}  // namespace contrafit
