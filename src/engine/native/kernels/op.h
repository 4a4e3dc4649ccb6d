// What an op sees of TensorFlow: its attributes, and its inputs and outputs as plain memory.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <vector>

#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"

namespace contrafit {

/** The constant part of a call; an op object is made once for each combination of values. */
class Attributes {
 public:
  explicit Attributes(TF_OpKernelConstruction* construction) : construction_(construction) {}
  int64_t integer(const char* name) const;
  float number(const char* name) const;
  bool flag(const char* name) const;
  /** Reports that there can be no op; gives null in its place. */
  void* fail(const char* message) const;

 private:
  TF_OpKernelConstruction* construction_;
};

/** One execution. Indices count the op's inputs and outputs; memory is valid until the op returns. */
class Call {
 public:
  explicit Call(TF_OpKernelContext* context);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  const float* floats(int input) const { return static_cast<const float*>(data(input)); }
  const int32_t* integers(int input) const { return static_cast<const int32_t*>(data(input)); }
  /** An input that the op changes: nobody else may share its memory. */
  float* changed(int input) const { return static_cast<float*>(data(input)); }
  int64_t size(int input) const;
  int64_t length(int input, int axis) const;

  float* output(int index, std::initializer_list<int64_t> shape);
  /** A list of integers. */
  int32_t* integerOutput(int index, int64_t count);
  /** Memory that only another op reads, in 4-byte units. */
  int32_t* opaque(int index, int64_t units) { return integerOutput(index, units); }
  /** An output of the shape of an input. */
  float* outputLike(int index, int input);

  /** @throws std::runtime_error unless it holds: reading on would be out of bounds */
  void require(bool holds, const char* what) const;
  void fail(const char* message);

 private:
  void* data(int input) const;
  void* allocate(int index, TF_DataType type, const int64_t* shape, int rank);

  TF_OpKernelContext* context_;
  std::vector<TF_Tensor*> inputs_;
};

struct Signature {
  const char* name;
  std::vector<const char*> inputs;
  std::vector<const char*> outputs;
  std::vector<const char*> attributes;
};

/** Makes an op known to TensorFlow. @throws std::runtime_error with TensorFlow's reason */
void define(const Signature& signature, void* (*create)(TF_OpKernelConstruction*),
            void (*compute)(void*, TF_OpKernelContext*), void (*destroy)(void*));

/** The same for a class with a static `signature()`, a constructor from Attributes and `void run(Call&) const`. */
template <class Op>
void defineOp() {
  define(
      Op::signature(),
      [](TF_OpKernelConstruction* construction) -> void* {
        try {
          return new Op(Attributes(construction));
        } catch (const std::exception& error) {
          return Attributes(construction).fail(error.what());
        }
      },
      [](void* op, TF_OpKernelContext* context) {
        Call call(context);
        try {
          static_cast<const Op*>(op)->run(call);
        } catch (const std::exception& error) {
          call.fail(error.what());
        }
      },
      [](void* op) { delete static_cast<Op*>(op); });
}

}  // namespace contrafit
