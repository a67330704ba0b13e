// The extension's table of contents: one line a header of the core.
#include "bindings.hpp"

NB_MODULE(_native, m) {
  using namespace penchant::bindings;
  m.doc() = "penchant's native core; see penchant._kernels, its only importer";
  bind_bootstrap(m);
  bind_isa(m);
  bind_metrics(m);
  bind_ranking(m);
  bind_ranks(m);
  bind_rowlog(m);
  bind_solve(m);
  bind_sparse_product(m);
  bind_sparse_scores(m);
  bind_spgemm(m);
  bind_survey(m);
  bind_topk(m);
  bind_transpose(m);
}
