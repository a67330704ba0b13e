// The extension module: one line per header of the core that is bound.
#include "bindings.hpp"

NB_MODULE(_native, m) {
  using namespace penchant::bindings;
  m.doc() = "Native core of penchant. Only penchant._kernels imports it.";
  bind_rows(m);  // first: the signatures of the others contain its records
  bind_block_product(m);
  bind_bootstrap(m);
  bind_cooccurrence(m);
  bind_elastic_net(m);
  bind_fused_scores(m);
  bind_isa(m);
  bind_log_reader(m);
  bind_metrics(m);
  bind_momentum(m);
  bind_pruned_topk(m);
  bind_ranking(m);
  bind_ranks(m);
  bind_scan(m);
  bind_scores(m);
  bind_solve(m);
  bind_sparse_product(m);
  bind_sparse_scores(m);
  bind_spgemm(m);
  bind_topk(m);
  bind_transpose(m);
}
