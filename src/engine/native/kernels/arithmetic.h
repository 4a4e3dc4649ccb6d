// Numbers: bfloat16, and functions that a compiler can vectorise.
#pragma once

#include <cstdint>
#include <cstring>

namespace contrafit {

/** The upper half of a float32: 8 bits of significand. */
struct Bfloat16 {
  uint16_t bits;
};

inline float bitsToFloat(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

inline uint32_t floatToBits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

inline float toFloat(float x) { return x; }
inline float toFloat(Bfloat16 x) { return bitsToFloat(static_cast<uint32_t>(x.bits) << 16); }

/** Rounds to nearest, ties to even; a NaN stays one. */
template <class T>
T fromFloat(float x);
template <>
inline float fromFloat(float x) {
  return x;
}
template <>
inline Bfloat16 fromFloat(float x) {
  const uint32_t bits = floatToBits(x);
  const uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  const uint32_t quiet = (bits >> 16) | 0x40u;
  const bool nan = (bits & 0x7fffffffu) > 0x7f800000u;
  return {static_cast<uint16_t>(nan ? quiet : rounded)};
}

/**
 * eˣ within 2 ulp: 2ⁿ·eʳ with |r| ≤ ln 2 / 2, by Taylor's polynomial of degree 7. Underflows to 0 below −87.3, is
 * limited to e⁸⁸ above, and NaN for NaN.
 */
inline float exponential(float x) {
  const float bounded = x > 88.0f ? 88.0f : x;
  const float n = __builtin_rintf(bounded * 1.44269504f);
  // ln 2 in two parts, the first of which has trailing zeros, so that its product with n is exact.
  const float r = (bounded - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.0f / 5040;
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const float limited = n < -126.0f ? -126.0f : n;
  const float power = bitsToFloat(static_cast<uint32_t>(static_cast<int32_t>(limited) + 127) << 23);
  return x < -87.3f ? 0.0f : p * power;
}

/** Φ(x), the normal distribution function, and φ(x), its density. */
struct Normal {
  float cumulative;
  float density;
};

/** By the rational approximation of Abramowitz & Stegun 7.1.26, whose error in erf is at most 1.5e-7. */
inline Normal normal(float x) {
  const float z = __builtin_fabsf(x) * 0.70710678f;
  const float gauss = exponential(-z * z);
  const float t = 1.0f / (1.0f + 0.3275911f * z);
  float p = 1.061405429f;
  p = p * t - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = p * t + 0.254829592f;
  const float tail = 0.5f * p * t * gauss;
  return {x < 0.0f ? tail : 1.0f - tail, 0.39894228f * gauss};
}

}  // namespace contrafit
