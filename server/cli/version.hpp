// `gatepost version`: what this binary is made of.
#pragma once

#include <iosfwd>

namespace gatepost::server::cli {

// Version, compiler and build, and each library as it is loaded (or compiled, where it cannot tell). Exit
// status 0.
int version(std::ostream& out);

}  // namespace gatepost::server::cli
