"""Many sites, and sites that are not there: pooling, transport, costs and benefits."""
