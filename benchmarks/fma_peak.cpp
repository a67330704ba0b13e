// The most float32 multiply-adds a second that this machine's cores do, all in registers.
// fma_peak THREADS SECONDS  →  prints GFLOP/s
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#if defined(__AVX512F__)
constexpr int bytes = 64;
#elif defined(__AVX__)
constexpr int bytes = 32;
#else
constexpr int bytes = 16;
#endif
typedef float Vector __attribute__((vector_size(bytes)));
constexpr int lanes = bytes / 4, chains = 12, inner = 1 << 14;

std::atomic<float> sink;

double work(double seconds) {
  using clock = std::chrono::steady_clock;
  Vector sum[chains] = {};
  Vector a = Vector{} + 0.999f, b = Vector{} + 1e-6f;
  asm volatile("" : "+x"(a), "+x"(b));  // not known to the compiler
  const auto begun = clock::now();
  double flops = 0, spent = 0;
  while (spent < seconds) {
    for (int i = 0; i < inner; ++i)
      for (int c = 0; c < chains; ++c) sum[c] = sum[c] * a + b;
    flops += 2.0 * lanes * chains * inner;
    spent = std::chrono::duration<double>(clock::now() - begun).count();
  }
  Vector all = {};
  for (int c = 0; c < chains; ++c) all += sum[c];
  sink.store(all[0]);
  return flops / spent;
}

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 1;
  const double seconds = argc > 2 ? std::atof(argv[2]) : 0.5;
  std::vector<double> rates(static_cast<std::size_t>(threads));
  std::vector<std::thread> pool;
  for (auto& rate : rates) pool.emplace_back([&rate, seconds] { rate = work(seconds); });
  for (auto& thread : pool) thread.join();
  double total = 0;
  for (double rate : rates) total += rate;
  std::printf("%.1f\n", total / 1e9);
}
