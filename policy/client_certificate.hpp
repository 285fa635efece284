// A client's certificate, verified against tls.client_ca, and how conditions name one (`tls_client`): always
// a whole name or the fingerprint, never a part (a forger may get a certificate for a longer name).
#pragma once

#include "policy/distinguished_name.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::policy {

struct ClientCertificate {
    DistinguishedName subject;
    // Subject alternative names (RFC 5280 §4.2.1.6), as they stand in the certificate.
    std::vector<std::string> dns_names;
    std::vector<std::string> mail_addresses;
    std::vector<std::string> uris;
    std::string sha256;  // of the whole certificate: 64 hexadecimal digits in lower case
};

struct ClientCertificatePattern {
    enum class Kind { subject, dns_name, mail_address, uri, sha256 };

    Kind kind = Kind::subject;
    DistinguishedName subject;
    std::string value;  // of the other kinds

    // "CN=cron,O=Example" (RFC 4514), "DNS:cron.example.com", "email:ops@example.com", "URI:spiffe://…", or a
    // SHA-256 fingerprint in hexadecimal digits, with or without colons and "SHA256:" before it.
    static std::optional<ClientCertificatePattern> parse(std::string_view text);
    bool matches(const ClientCertificate& certificate) const;
    friend bool operator==(const ClientCertificatePattern&, const ClientCertificatePattern&) = default;
};

}  // namespace gatepost::policy
