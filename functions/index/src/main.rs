//! The `index` worker; its wiring to the queue, the lease and the recalls' store stands here.

fn main() {}
