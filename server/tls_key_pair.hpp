// A certificate chain and its key from their files into OpenSSL, and the settings that every TLS context of
// ours has, in either role.
#pragma once

#include "config/config.hpp"

#include <string>

struct ssl_ctx_st;

namespace gatepost::server {

// RFC 8996: nothing below TLS 1.2; modern groups and ciphers, no compression, no renegotiation, small idle
// sessions.
void harden_tls(ssl_ctx_st* context);

// Puts certificate, chain and key into `context`, read anew where they stand in files. `key` names the
// setting in problems ("tls"). False with `problem` set where they cannot be used or do not fit together;
// the context is then of no use.
bool use_key_pair(ssl_ctx_st* context, const config::KeyPair& pair, const std::string& key,
                  std::string& problem);

}  // namespace gatepost::server
