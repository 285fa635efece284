// Clients' certificates: asked for, never required, and verified against `tls.client_ca` (RFC 5280 §6). One
// that cannot be verified is as good as none.
#pragma once

#include "policy/client_certificate.hpp"

#include <filesystem>
#include <memory>
#include <string>

struct ssl_ctx_st;
struct ssl_st;

namespace gatepost::server {

// Makes sessions of `context` ask for one. False with `problem` set where the file cannot be used.
bool ask_for_client_certificate(ssl_ctx_st* context, const std::filesystem::path& client_ca,
                                std::string& problem);

// After the handshake: the certificate that was verified, or null. `problem` says why one that was shown is
// not verified.
std::shared_ptr<const policy::ClientCertificate> verified_client_certificate(ssl_st* session,
                                                                             std::string& problem);

}  // namespace gatepost::server
