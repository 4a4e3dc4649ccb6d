// Products of matrices that fit into the nearest cache, for which a call of oneDNN would take longer than the product.
#pragma once

#include <cstdint>

#include "lanes.h"

namespace contrafit {

/** The first factor: element (row, k) is at data[row · rowStride + k · columnStride]. */
struct SmallFactor {
  const float* data;
  int64_t rowStride;
  int64_t columnStride;
};

template <int rows, int vectors>
inline void productTile(SmallFactor a, int64_t inner, const float* b, int64_t bStride, float* result, int64_t stride) {
  Lanes sums[rows][vectors] = {};
  for (int64_t k = 0; k < inner; k++) {
    const float* row = b + k * bStride;
    for (int r = 0; r < rows; r++) {
      const float factor = a.data[r * a.rowStride + k * a.columnStride];
      for (int v = 0; v < vectors; v++) sums[r][v] += factor * lanesAt(row + v * lanes);
    }
  }
  for (int r = 0; r < rows; r++) {
    for (int v = 0; v < vectors; v++) lanesAt(result + r * stride + v * lanes) = sums[r][v];
  }
}

template <int rows>
inline void productRows(SmallFactor a, int64_t inner, int64_t columns, const float* b, int64_t bStride, float* result,
                        int64_t stride) {
  int64_t column = 0;
  for (; column + 2 * lanes <= columns; column += 2 * lanes) {
    productTile<rows, 2>(a, inner, b + column, bStride, result + column, stride);
  }
  if (column < columns) productTile<rows, 1>(a, inner, b + column, bStride, result + column, stride);
}

/** result = a · b, [rows, columns]; `columns` is a multiple of `lanes`. */
inline void smallProduct(SmallFactor a, int64_t rows, int64_t inner, int64_t columns, const float* b, int64_t bStride,
                         float* result, int64_t stride) {
  int64_t row = 0;
  for (; row + 4 <= rows; row += 4) {
    productRows<4>({a.data + row * a.rowStride, a.rowStride, a.columnStride}, inner, columns, b, bStride,
                   result + row * stride, stride);
  }
  const SmallFactor rest{a.data + row * a.rowStride, a.rowStride, a.columnStride};
  float* below = result + row * stride;
  switch (rows - row) {
    case 3: return productRows<3>(rest, inner, columns, b, bStride, below, stride);
    case 2: return productRows<2>(rest, inner, columns, b, bStride, below, stride);
    case 1: return productRows<1>(rest, inner, columns, b, bStride, below, stride);
  }
}

}  // namespace contrafit
