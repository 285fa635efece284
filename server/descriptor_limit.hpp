// How many files and sockets the process may have open (RLIMIT_NOFILE).
#pragma once

#include <cstddef>

namespace gatepost::server {

// Raises the limit to the most that the process may have, and gives it: the usual soft limit of 1024 is below
// what a busy server needs. Where it cannot be raised, it stays.
std::size_t raise_descriptor_limit();

// How many sessions there may be at a time under `descriptors`: the rest is for downstream connections, files
// and the resolver, so that clients cannot take what their mail is delivered with. `configured` where there
// is room for so many.
std::size_t sessions_within(std::size_t descriptors, std::size_t configured);

}  // namespace gatepost::server
