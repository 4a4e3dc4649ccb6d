// What ends each half of a transformer layer: LayerNorm(residual + dropout(product)), and its gradient.
#pragma once

#include <cmath>
#include <cstdint>

#include "columnSums.h"
#include "dropout.h"
#include "lanes.h"
#include "memory.h"

namespace contrafit {

/** LayerNorm's parameters (Ba et al. 2016, arXiv:1607.06450). */
struct Norm {
  const float* weight;
  const float* bias;
  float epsilon;
};

/** What the backward pass needs of a LayerNorm. */
struct Normalised {
  /** [rows, width] */
  float* values;
  /** 1 / standard deviation, [rows] */
  float* inverse;
};

/** One row: `values` becomes the normalised row, which may be in place of `row`. */
inline void normaliseRow(const float* row, int64_t width, const Norm& norm, float* values, float* inverse, float* result) {
  const float mean = sumOf(width, [&](auto at) { return at(row); }) / width;
  const float squares = sumOf(width, [&](auto at) { return (at(row) - mean) * (at(row) - mean); });
  const float scale = 1.0f / std::sqrt(squares / width + norm.epsilon);
  *inverse = scale;
#pragma omp simd
  for (int64_t i = 0; i < width; i++) {
    const float value = (row[i] - mean) * scale;
    values[i] = value;
    result[i] = value * norm.weight[i] + norm.bias[i];
  }
}

/**
 * result = LayerNorm(residual + dropout(product)). All are [rows, width]. `product` is overwritten; what is kept may take
 * its place.
 */
inline void residualNorm(const float* residual, float* product, int64_t rows, int64_t width, const Dropout& dropout,
                         const Norm& norm, const Normalised& kept, float* result) {
#pragma omp parallel for schedule(static)
  for (int64_t row = 0; row < rows; row++) {
    const int64_t start = row * width;
    float* sum = product + start;
    const float* before = residual + start;
    if (dropout.active()) {
#pragma omp simd
      for (int64_t i = 0; i < width; i++) sum[i] = before[i] + sum[i] * dropout.factor(static_cast<uint32_t>(start + i));
    } else {
#pragma omp simd
      for (int64_t i = 0; i < width; i++) sum[i] += before[i];
    }
    normaliseRow(sum, width, norm, kept.values + start, kept.inverse + row, result + start);
  }
}

/** The gradient of a row's LayerNorm with respect to its input. */
inline void normRowGradient(const float* upstream, const float* values, float inverse, const float* weight, int64_t width,
                            float* result) {
  const float mean = sumOf(width, [&](auto at) { return at(upstream) * at(weight); }) / width;
  const float along = sumOf(width, [&](auto at) { return at(upstream) * at(weight) * at(values); }) / width;
#pragma omp simd
  for (int64_t i = 0; i < width; i++) result[i] = (upstream[i] * weight[i] - mean - values[i] * along) * inverse;
}

/** Where the gradients of a residual LayerNorm go. */
template <class T>
struct ResidualNormGradient {
  /** With respect to the residual, [rows, width]. */
  float* residual;
  /** With respect to the product, as a factor of further products, [rows, width]. */
  T* product;
  /** Column sums of `product`: the gradient of the product's bias, [width]. */
  float* productBias;
  /** [width] */
  float* weight;
  /** [width] */
  float* bias;
};

template <class T>
void residualNormGradient(const float* upstream, const Normalised& kept, const float* weight, int64_t rows,
                          int64_t width, const Dropout& dropout, const ResidualNormGradient<T>& result,
                          Scratch& scratch) {
  float* const sums[3] = {result.weight, result.bias, result.productBias};
  columnSums(rows, width, sums, scratch, [&](int64_t row, float* partial) {
    const int64_t start = row * width;
    const float* above = upstream + start;
    const float* values = kept.values + start;
    float* residual = result.residual + start;
    T* product = result.product + start;
    normRowGradient(above, values, kept.inverse[row], weight, width, residual);
    float* weightSum = partial;
    float* biasSum = partial + width;
    float* productSum = partial + 2 * width;
#pragma omp simd
    for (int64_t i = 0; i < width; i++) {
      weightSum[i] += above[i] * values[i];
      biasSum[i] += above[i];
    }
    const bool drops = dropout.active();
#pragma omp simd
    for (int64_t i = 0; i < width; i++) {
      const float factor = drops ? dropout.factor(static_cast<uint32_t>(start + i)) : 1.0f;
      const float gradient = residual[i] * factor;
      productSum[i] += gradient;
      product[i] = fromFloat<T>(gradient);
    }
  });
}

}  // namespace contrafit
