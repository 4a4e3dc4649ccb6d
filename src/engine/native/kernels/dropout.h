// Dropout masks as a function of a key and an element's index; the same numbers as src/engine/uniform.ts makes by hash.
#pragma once

#include <cstdint>

namespace contrafit {

/** A bijection of 32-bit integers in which each bit depends on all: `lowbias32` of C. Wellons, Hash Prospector. */
inline uint32_t mix(uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  return x ^ (x >> 16);
}

class Dropout {
 public:
  /** @param key seed and counter */
  Dropout(const int32_t* key, float rate)
      : first_(mix(static_cast<uint32_t>(key[0]) ^ 0x9e3779b9u)),
        second_(mix(static_cast<uint32_t>(key[1]) ^ 0x85ebca6bu)),
        rate_(rate),
        kept_(1.0f / (1.0f - rate)) {}

  bool active() const { return rate_ > 0.0f; }

  /** What an element is multiplied by: 0, or 1 / (1 − rate). */
  float factor(uint32_t index) const {
    const float uniform = static_cast<float>(static_cast<int32_t>(mix(mix(index ^ first_) + second_) >> 8)) * 0x1p-24f;
    return uniform >= rate_ ? kept_ : 0.0f;
  }

 private:
  uint32_t first_;
  uint32_t second_;
  float rate_;
  float kept_;
};

}  // namespace contrafit
