// An OCSP response that is stapled to our certificate (RFC 6066 §8, RFC 6960), from a file that the operator
// keeps fresh.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

struct x509_st;

namespace gatepost::server {

struct Staple {
    std::string response;    // DER
    std::int64_t until = 0;  // Unix time; not sent from then on (RFC 6960 §4.2.2.1)
};

// nullopt with `problem` set: not a response, no good news, or of another certificate.
std::optional<Staple> load_staple(const std::filesystem::path& file, const x509_st* certificate,
                                  std::string& problem);

}  // namespace gatepost::server
