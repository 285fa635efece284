// The messages of trouble_test.cpp: one row a message, with the zone it is judged by. A row more is one more
// message whose every lookup fails in turn.
#pragma once

#include "policy/settings.hpp"

#include <string>
#include <vector>

namespace gatepost::tests {

struct TroubleSignature {
    const char* domain;   // d=; the key is at s._domainkey below it
    bool broken = false;  // the body was changed after signing
    bool partly = false;  // a second Subject stands above the signed one
};

// A message from 192.0.2.1 (client.example) to us, example.com.
struct TroubleCase {
    const char* name;
    const char* clean;              // what it comes to without trouble: "DMARC ACTION"
    std::vector<std::string> zone;  // lines of dns/local_records.hpp; keys and the names below are added
    const char* mail_from = "user@example.org";
    std::vector<TroubleSignature> signatures = {};
    const char* author = "user@example.org";
    std::vector<const char*> sealers = {};  // of an ARC chain, the oldest first
    std::string fields = {};                // more header fields, CRLF included
    policy::Settings settings = {};
    bool psl = false;  // discovery: psl
};

const std::vector<TroubleCase>& trouble_cases();

// In every zone: the client's and a stranger's names, and SPF records that hostile answers may lead to. The
// client has no PTR record here: rows say what it has.
const std::vector<std::string>& common_zone();

}  // namespace gatepost::tests
