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

// The resolver's share: how many sockets its questions may have open, of all workers together.
std::size_t resolver_sockets_within(std::size_t descriptors);

// The share of connections to downstream servers; `configured` where there is room for so many. What is left
// of the reserve is for listeners, the database and files.
std::size_t downstream_within(std::size_t descriptors, std::size_t configured);

}  // namespace gatepost::server
