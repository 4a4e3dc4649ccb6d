// Memory that ops use while they run. It is kept from call to call: fresh pages cost more than most of the arithmetic.
#pragma once

#include <omp.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <vector>

#include "arithmetic.h"

namespace contrafit {

/** A stack of temporary arrays; those of its own are free again when it goes. */
class Scratch {
 public:
  Scratch() : mark_(used()) {}
  ~Scratch() { used() = mark_; }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  template <class T>
  T* array(size_t count) {
    return static_cast<T*>(next(count * sizeof(T)));
  }

 private:
  const size_t mark_;

  struct Block {
    void* memory = nullptr;
    size_t bytes = 0;
  };

  static std::vector<Block>& blocks() {
    static thread_local std::vector<Block> all;
    return all;
  }
  static size_t& used() {
    static thread_local size_t count = 0;
    return count;
  }
  /** All ops share the blocks, each of which is as large as the largest array that was at its place. */
  void* next(size_t bytes) {
    if (used() == blocks().size()) blocks().emplace_back();
    Block& block = blocks()[used()++];
    if (block.bytes < bytes) {
      std::free(block.memory);
      block.bytes = (bytes + bytes / 4 + 63) / 64 * 64;
      block.memory = std::aligned_alloc(64, block.bytes);
      if (!block.memory) {
        block.bytes = 0;
        throw std::bad_alloc();
      }
    }
    return block.memory;
  }
};

/** Threads of a parallel loop, and which of them this is. */
inline int threadCount() { return omp_get_max_threads(); }
inline int threadNumber() { return omp_get_thread_num(); }

/** Memory of an op's opaque output; where no gradient will read it, the output is empty and the memory temporary. */
template <class Call>
int32_t* keptMemory(Call& call, int output, int64_t units, bool keeps, Scratch& scratch) {
  if (keeps) return call.opaque(output, units);
  call.opaque(output, 0);
  return scratch.array<int32_t>(units);
}

/** Cuts an opaque output into arrays. */
class Layout {
 public:
  explicit Layout(int32_t* memory) : next_(memory) {}
  template <class T>
  T* array(int64_t count) {
    T* here = reinterpret_cast<T*>(next_);
    next_ += units<T>(count);
    return here;
  }
  /** Units that an array takes; a multiple of 64 bytes, so that every one is aligned as the first is. */
  template <class T>
  static int64_t units(int64_t count) {
    return (count * static_cast<int64_t>(sizeof(T)) + 63) / 64 * 16;
  }

 private:
  int32_t* next_;
};

/** The numbers in the format of a product's factors: themselves, or a converted copy. */
inline const float* asFactor(const float* x, int64_t, Scratch&, float) { return x; }
inline const Bfloat16* asFactor(const float* x, int64_t count, Scratch& scratch, Bfloat16) {
  Bfloat16* converted = scratch.array<Bfloat16>(count);
#pragma omp parallel for simd schedule(static) if (count > 65536)
  for (int64_t i = 0; i < count; i++) converted[i] = fromFloat<Bfloat16>(x[i]);
  return converted;
}
template <class T>
const T* asFactor(const float* x, int64_t count, Scratch& scratch) {
  return asFactor(x, count, scratch, T{});
}

}  // namespace contrafit
