#include "product.h"

#include <stdexcept>
#include <string>
#include <type_traits>

#include "oneapi/dnnl/dnnl.h"

namespace contrafit {

namespace {

void check(dnnl_status_t status, const char* what) {
  if (status != dnnl_success) throw std::runtime_error(std::string("oneDNN: ") + what);
}

dnnl_engine_t engine() {
  static dnnl_engine_t engine = [] {
    dnnl_engine_t made;
    check(dnnl_engine_create(&made, dnnl_cpu, 0), "no engine");
    return made;
  }();
  return engine;
}

dnnl_stream_t stream() {
  static dnnl_stream_t stream = [] {
    dnnl_stream_t made;
    check(dnnl_stream_create(&made, engine(), dnnl_stream_default_flags), "no stream");
    return made;
  }();
  return stream;
}

template <class T>
constexpr dnnl_data_type_t typeOf() {
  return sizeof(std::remove_const_t<T>) == 4 ? dnnl_f32 : dnnl_bf16;
}

/** Frees what oneDNN's C interface hands out. */
template <class Handle, dnnl_status_t (*destroy)(Handle)>
class Owned {
 public:
  Owned() = default;
  ~Owned() {
    if (handle_) destroy(handle_);
  }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  Handle* operator&() { return &handle_; }
  operator Handle() const { return handle_; }

 private:
  Handle handle_ = nullptr;
};

using Description = Owned<dnnl_memory_desc_t, dnnl_memory_desc_destroy>;
using Memory = Owned<dnnl_memory_t, dnnl_memory_destroy>;

void describe(Description& description, dnnl_data_type_t type, int64_t rows, int64_t columns, int64_t rowStride,
              int64_t columnStride) {
  const dnnl_dims_t shape = {rows, columns};
  const dnnl_dims_t strides = {rowStride, columnStride};
  check(dnnl_memory_desc_create_with_strides(&description, 2, shape, type, strides), "no description");
}

template <class T>
void describe(Description& description, const Matrix<T>& matrix) {
  describe(description, typeOf<T>(), matrix.rows, matrix.columns, matrix.stride, 1);
}

template <class T>
void describeTransposed(Description& description, const Matrix<T>& matrix) {
  describe(description, typeOf<T>(), matrix.columns, matrix.rows, 1, matrix.stride);
}

void wrap(Memory& memory, const_dnnl_memory_desc_t description, const void* data) {
  check(dnnl_memory_create(&memory, description, engine(), const_cast<void*>(data)), "no memory");
}

/** A matrix product of given shapes. oneDNN keeps what it has generated for them; only the first time takes long. */
class Product {
 public:
  /** @param columns of the result */
  Product(const Description& a, const_dnnl_memory_desc_t b, const Description& result, int64_t columns,
          ProductOptions options)
      : result_(result), bias_(options.bias) {
    if (bias_) describe(biasShape_, dnnl_f32, 1, columns, columns, 1);
    Owned<dnnl_primitive_attr_t, dnnl_primitive_attr_destroy> attributes;
    check(dnnl_primitive_attr_create(&attributes), "no attributes");
    Owned<dnnl_post_ops_t, dnnl_post_ops_destroy> after;
    check(dnnl_post_ops_create(&after), "no post-ops");
    if (options.accumulate) check(dnnl_post_ops_append_sum(after, 1.0f, 0, dnnl_data_type_undef), "no sum");
    if (options.gelu) check(dnnl_post_ops_append_eltwise(after, dnnl_eltwise_gelu_erf, 0, 0), "no GELU");
    check(dnnl_primitive_attr_set_post_ops(attributes, after), "no post-ops");
    check(dnnl_matmul_primitive_desc_create(&plan_, engine(), a, b, biasShape_, result, attributes),
          "no such matrix product");
    check(dnnl_primitive_create(&primitive_, plan_), "no matrix product");
  }

  /** The layout in which it wants its second factor. */
  const_dnnl_memory_desc_t second() const { return dnnl_primitive_desc_query_md(plan_, dnnl_query_weights_md, 0); }

  void run(const Memory& a, const Memory& b, void* result) {
    Memory resultMemory, biasMemory;
    wrap(resultMemory, result_, result);
    dnnl_exec_arg_t arguments[4] = {{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DST, resultMemory}};
    int count = 3;
    if (bias_) {
      wrap(biasMemory, biasShape_, bias_);
      arguments[count++] = {DNNL_ARG_BIAS, biasMemory};
    }
    execute(primitive_, count, arguments);
  }

  static void execute(dnnl_primitive_t primitive, int count, const dnnl_exec_arg_t* arguments) {
    check(dnnl_primitive_execute(primitive, stream(), count, arguments), "execution failed");
    check(dnnl_stream_wait(stream()), "execution failed");
  }

 private:
  const Description& result_;
  const float* bias_;
  Description biasShape_;
  Owned<dnnl_primitive_desc_t, dnnl_primitive_desc_destroy> plan_;
  Owned<dnnl_primitive_t, dnnl_primitive_destroy> primitive_;
};

/** Converts format and layout. */
void reorder(const Memory& from, const_dnnl_memory_desc_t fromShape, const Memory& to, const_dnnl_memory_desc_t toShape) {
  Owned<dnnl_primitive_desc_t, dnnl_primitive_desc_destroy> plan;
  check(dnnl_reorder_primitive_desc_create(&plan, fromShape, engine(), toShape, engine(), nullptr), "no such reorder");
  Owned<dnnl_primitive_t, dnnl_primitive_destroy> primitive;
  check(dnnl_primitive_create(&primitive, plan), "no reorder");
  const dnnl_exec_arg_t arguments[2] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
  Product::execute(primitive, 2, arguments);
}

}  // namespace

template <class T>
void multiplyTransposed(Matrix<const T> a, Matrix<const T> b, Matrix<float> result) {
  Description aShape, bShape, resultShape;
  describeTransposed(aShape, a);
  describe(bShape, b);
  describe(resultShape, result);
  Product product(aShape, bShape, resultShape, result.columns, {});
  Memory aMemory, bMemory;
  wrap(aMemory, aShape, a.data);
  wrap(bMemory, bShape, b.data);
  product.run(aMemory, bMemory, result.data);
}

template <class T, class Result>
void multiplyByWeight(Matrix<const T> a, Matrix<const float> weight, Weight direction, Matrix<Result> result,
                      Scratch& scratch, ProductOptions options) {
  Description aShape, weightShape, anyShape, resultShape;
  describe(aShape, a);
  if (direction == Weight::forward) describeTransposed(weightShape, weight);
  else describe(weightShape, weight);
  describe(resultShape, result);
  const dnnl_dims_t shape = {a.columns, result.columns};
  check(dnnl_memory_desc_create_with_tag(&anyShape, 2, shape, typeOf<T>(), dnnl_format_tag_any), "no description");
  Product product(aShape, anyShape, resultShape, result.columns, options);
  Memory aMemory, weightMemory, packed;
  wrap(aMemory, aShape, a.data);
  wrap(weightMemory, weightShape, weight.data);
  const_dnnl_memory_desc_t wanted = product.second();
  wrap(packed, wanted, scratch.array<char>(dnnl_memory_desc_get_size(wanted)));
  reorder(weightMemory, weightShape, packed, wanted);
  product.run(aMemory, packed, result.data);
}

template void multiplyTransposed(Matrix<const float>, Matrix<const float>, Matrix<float>);
template void multiplyTransposed(Matrix<const Bfloat16>, Matrix<const Bfloat16>, Matrix<float>);
template void multiplyByWeight(Matrix<const float>, Matrix<const float>, Weight, Matrix<float>, Scratch&, ProductOptions);
template void multiplyByWeight(Matrix<const Bfloat16>, Matrix<const float>, Weight, Matrix<float>, Scratch&, ProductOptions);
template void multiplyByWeight(Matrix<const Bfloat16>, Matrix<const float>, Weight, Matrix<Bfloat16>, Scratch&, ProductOptions);

}  // namespace contrafit
