// Numbers that are computed together: a register of AVX-512, two of AVX2.
#pragma once

#include <cstdint>
#include <cstring>
#include <utility>

namespace contrafit {

constexpr int lanes = 16;
typedef float Lanes __attribute__((vector_size(lanes * sizeof(float)), aligned(sizeof(float))));

/** The next multiple of `lanes`. */
inline int64_t padded(int64_t count) { return (count + lanes - 1) / lanes * lanes; }

inline Lanes& lanesAt(float* numbers) { return *reinterpret_cast<Lanes*>(numbers); }
inline const Lanes& lanesAt(const float* numbers) { return *reinterpret_cast<const Lanes*>(numbers); }

/** By halves: one after the other, the additions would wait for each other. */
inline float sum(Lanes x) {
  typedef float Eight __attribute__((vector_size(8 * sizeof(float))));
  typedef float Four __attribute__((vector_size(4 * sizeof(float))));
  Eight eights[2];
  std::memcpy(eights, &x, sizeof x);
  eights[0] += eights[1];
  Four fours[2];
  std::memcpy(fours, eights, sizeof fours);
  fours[0] += fours[1];
  return (fours[0][0] + fours[0][2]) + (fours[0][1] + fours[0][3]);
}

/** Reads some numbers of an array, those from `index` on. */
struct ManyAt {
  int64_t index;
  Lanes operator()(const float* numbers) const { return lanesAt(numbers + index); }
};
struct OneAt {
  int64_t index;
  float operator()(const float* numbers) const { return numbers[index]; }
};

/** The sum of `term(at)` over all places below `count`; `at(array)` is the array's value there. */
template <class Term>
float sumOf(int64_t count, Term term) {
  Lanes sums[2] = {};
  int64_t i = 0;
  for (; i + 2 * lanes <= count; i += 2 * lanes) {
    sums[0] += term(ManyAt{i});
    sums[1] += term(ManyAt{i + lanes});
  }
  float total = sum(sums[0] + sums[1]);
  for (; i < count; i++) total += term(OneAt{i});
  return total;
}

/** In each group of 2 · step lanes, a's upper half changes places with b's lower half. */
template <int step, int... lane>
inline void exchange(Lanes& a, Lanes& b, std::integer_sequence<int, lane...>) {
  const Lanes first = a, second = b;
#ifdef __clang__
  a = __builtin_shufflevector(first, second, (lane & step ? lanes + lane - step : lane)...);
  b = __builtin_shufflevector(first, second, (lane & step ? lanes + lane : lane + step)...);
#else
  typedef int Places __attribute__((vector_size(lanes * sizeof(int))));
  a = __builtin_shuffle(first, second, Places{(lane & step ? lanes + lane - step : lane)...});
  b = __builtin_shuffle(first, second, Places{(lane & step ? lanes + lane : lane + step)...});
#endif
}

template <int step>
inline void exchangeAll(Lanes (&rows)[lanes]) {
  for (int row = 0; row < lanes; row++) {
    if (!(row & step)) exchange<step>(rows[row], rows[row + step], std::make_integer_sequence<int, lanes>{});
  }
}

/** result = the transpose of a matrix; both sides of it are multiples of `lanes`. */
inline void transpose(const float* matrix, int64_t rows, int64_t columns, float* result) {
  for (int64_t row = 0; row < rows; row += lanes) {
    for (int64_t column = 0; column < columns; column += lanes) {
      Lanes square[lanes];
      for (int i = 0; i < lanes; i++) square[i] = lanesAt(matrix + (row + i) * columns + column);
      exchangeAll<8>(square);
      exchangeAll<4>(square);
      exchangeAll<2>(square);
      exchangeAll<1>(square);
      for (int i = 0; i < lanes; i++) lanesAt(result + (column + i) * rows + row) = square[i];
    }
  }
}

}  // namespace contrafit
