// Matrix products by oneDNN, in float32 or in bfloat16 with sums in float32.
#pragma once

#include <cstdint>

#include "arithmetic.h"
#include "memory.h"

namespace contrafit {

/** A matrix in memory, row by row. */
template <class T>
struct Matrix {
  T* data;
  int64_t rows;
  int64_t columns;
  /** Elements from one row to the next. */
  int64_t stride;

  Matrix(T* data, int64_t rows, int64_t columns, int64_t stride) : data(data), rows(rows), columns(columns), stride(stride) {}
  Matrix(T* data, int64_t rows, int64_t columns) : Matrix(data, rows, columns, columns) {}
};

/** Of the result. */
struct ProductOptions {
  /** Added to every row, or null. */
  const float* bias = nullptr;
  /** Whether the product is added to what is there. */
  bool accumulate = false;
  /** Whether the result is GELU of it all. */
  bool gelu = false;
};

/** result = aᵀ · b; the gradient of a weight. @throws std::runtime_error if oneDNN cannot do it */
template <class T>
void multiplyTransposed(Matrix<const T> a, Matrix<const T> b, Matrix<float> result);

/** How a weight, [out, in], is multiplied. */
enum class Weight {
  /** By its transpose: a dense layer. */
  forward,
  /** As it is: the gradient of a dense layer's input. */
  backward,
};

/** result = a · weight, which is converted to the format of `a` and to the layout that oneDNN is fastest with. */
template <class T, class Result>
void multiplyByWeight(Matrix<const T> a, Matrix<const float> weight, Weight direction, Matrix<Result> result,
                      Scratch& scratch, ProductOptions options = {});

}  // namespace contrafit
