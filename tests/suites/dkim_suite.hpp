// Runs the messages of a DKIM suite: each through a Verifier, in one piece and cut into small chunks, and
// each signature's result against the expectation.
#pragma once

#include "tests/support/suite.hpp"

#include "auth/dkim/result.hpp"

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace gatepost::tests {

// A message with the body cut off behind the empty line.
struct SplitMessage {
    std::string header;
    std::string body;
};
SplitMessage split_message(const std::string& octets);

// `chunk`: how many octets of the body are fed at a time; 0: all at once.
std::vector<auth::dkim::Signature> verify(const std::string& octets, dns::Resolver& resolver,
                                          std::chrono::system_clock::time_point now, std::size_t chunk);

// Cases whose expectation is not ours, with the section that says why.
using Exceptions = std::map<std::string, std::string>;

// Cases whose message is partly signed, by l= that ends before the body does. RFC 6376 §8.2 has such a
// signature pass and leaves it to the verifier's policy to take it; ours does not: policy, where the suite
// has pass.
bool is_partly_signed(const std::string& id);

// All cases of all documents of FOLDER/cases.yml. A document's or a case's `now` is the clock, else `now`.
void run_dkim_suite(const std::filesystem::path& folder, Tally& tally, const Exceptions& exceptions,
                    std::chrono::system_clock::time_point now);

}  // namespace gatepost::tests
