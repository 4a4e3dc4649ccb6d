// Captures what libraries write to file descriptor 2. Node itself offers neither dup nor dup2, and reopening
// /proc/self/fd/2 works neither for sockets nor for a file that standard output shares.
#include <node_api.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fcntl.h>

#include <string>

namespace {

int original = -1;
int captured = -1;

// capture(): boolean; whether standard error goes to memory from now on.
napi_value Capture(napi_env env, napi_callback_info) {
  bool capturing = false;
  if (original < 0) {
    original = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    captured = memfd_create("stderr", MFD_CLOEXEC);
    capturing = original >= 0 && captured >= 0 && dup2(captured, STDERR_FILENO) >= 0;
    if (!capturing) {
      if (original >= 0) close(original);
      if (captured >= 0) close(captured);
      original = captured = -1;
    }
  }
  napi_value result;
  napi_get_boolean(env, capturing, &result);
  return result;
}

// release(): string; puts standard error back and returns what was written to it.
napi_value Release(napi_env env, napi_callback_info) {
  std::string text;
  if (original >= 0) {
    dup2(original, STDERR_FILENO);
    lseek(captured, 0, SEEK_SET);
    char buffer[4096];
    for (ssize_t count; (count = read(captured, buffer, sizeof buffer)) > 0;) text.append(buffer, count);
    close(original);
    close(captured);
    original = captured = -1;
  }
  napi_value result;
  napi_create_string_utf8(env, text.data(), text.size(), &result);
  return result;
}

void Export(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
  napi_set_named_property(env, exports, name, function);
}

}  // namespace

NAPI_MODULE_INIT() {
  Export(env, exports, "capture", Capture);
  Export(env, exports, "release", Release);
  return exports;
}
