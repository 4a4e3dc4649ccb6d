#include "op.h"

#include <cstdlib>

namespace contrafit {

namespace {

/** A status that turns into an exception. */
class Check {
 public:
  Check() : status_(TF_NewStatus()) {}
  ~Check() { TF_DeleteStatus(status_); }
  operator TF_Status*() { return status_; }
  bool ok() const { return TF_GetCode(status_) == TF_OK; }
  void passed() const {
    if (!ok()) throw std::runtime_error(TF_Message(status_));
  }

 private:
  TF_Status* status_;
};

template <class T>
T read(TF_OpKernelConstruction* construction, const char* name,
       void (*get)(TF_OpKernelConstruction*, const char*, T*, TF_Status*)) {
  Check check;
  T value{};
  get(construction, name, &value, check);
  check.passed();
  return value;
}

}  // namespace

int64_t Attributes::integer(const char* name) const {
  return read(construction_, name, TF_OpKernelConstruction_GetAttrInt64);
}

float Attributes::number(const char* name) const {
  return read(construction_, name, TF_OpKernelConstruction_GetAttrFloat);
}

bool Attributes::flag(const char* name) const {
  return read(construction_, name, TF_OpKernelConstruction_GetAttrBool) != 0;
}

void* Attributes::fail(const char* message) const {
  Check check;
  TF_SetStatus(check, TF_INVALID_ARGUMENT, message);
  TF_OpKernelConstruction_Failure(construction_, check);
  return nullptr;
}

Call::Call(TF_OpKernelContext* context) : context_(context), inputs_(TF_NumInputs(context)) {
  for (size_t i = 0; i < inputs_.size(); i++) {
    Check check;
    TF_GetInput(context, static_cast<int>(i), &inputs_[i], check);
    if (!check.ok()) std::abort();
  }
}

Call::~Call() {
  for (TF_Tensor* tensor : inputs_) TF_DeleteTensor(tensor);
}

void* Call::data(int input) const { return TF_TensorData(inputs_[input]); }

int64_t Call::size(int input) const { return TF_TensorElementCount(inputs_[input]); }

int64_t Call::length(int input, int axis) const { return TF_Dim(inputs_[input], axis); }

float* Call::output(int index, std::initializer_list<int64_t> shape) {
  return static_cast<float*>(allocate(index, TF_FLOAT, shape.begin(), static_cast<int>(shape.size())));
}

int32_t* Call::integerOutput(int index, int64_t count) {
  return static_cast<int32_t*>(allocate(index, TF_INT32, &count, 1));
}

float* Call::outputLike(int index, int input) {
  std::vector<int64_t> shape(TF_NumDims(inputs_[input]));
  for (size_t axis = 0; axis < shape.size(); axis++) shape[axis] = length(input, static_cast<int>(axis));
  return static_cast<float*>(allocate(index, TF_FLOAT, shape.data(), static_cast<int>(shape.size())));
}

void* Call::allocate(int index, TF_DataType type, const int64_t* shape, int rank) {
  size_t bytes = TF_DataTypeSize(type);
  for (int axis = 0; axis < rank; axis++) bytes *= shape[axis];
  Check check;
  TF_Tensor* tensor = TF_AllocateOutput(context_, index, type, shape, rank, bytes, check);
  check.passed();
  void* memory = TF_TensorData(tensor);
  TF_DeleteTensor(tensor);
  return memory;
}

void Call::require(bool holds, const char* what) const {
  if (!holds) throw std::runtime_error(std::string("expected ") + what);
}

void Call::fail(const char* message) {
  Check check;
  TF_SetStatus(check, TF_INTERNAL, message);
  TF_OpKernelContext_Failure(context_, check);
}

void define(const Signature& signature, void* (*create)(TF_OpKernelConstruction*),
            void (*compute)(void*, TF_OpKernelContext*), void (*destroy)(void*)) {
  Check check;
  TF_OpDefinitionBuilder* op = TF_NewOpDefinitionBuilder(signature.name);
  for (const char* input : signature.inputs) TF_OpDefinitionBuilderAddInput(op, input);
  for (const char* output : signature.outputs) TF_OpDefinitionBuilderAddOutput(op, output);
  for (const char* attribute : signature.attributes) TF_OpDefinitionBuilderAddAttr(op, attribute);
  // Not to be computed once for equal inputs, nor left out: an op may change an input.
  TF_OpDefinitionBuilderSetIsStateful(op, true);
  TF_RegisterOpDefinition(op, check);
  check.passed();
  TF_KernelBuilder* kernel = TF_NewKernelBuilder(signature.name, "CPU", create, compute, destroy);
  TF_RegisterKernelBuilder(signature.name, kernel, check);
  check.passed();
}

}  // namespace contrafit
