// The processing limits of RFC 7208 §4.6.4, and those of what is read at all.
#pragma once

#include <cstddef>

namespace gatepost::auth::spf {

struct Limits {
    unsigned lookup_terms = 10;  // RFC 7208 §4.6.4: include, a, mx, ptr, exists and redirect together
    unsigned void_lookups = 2;   // RFC 7208 §4.6.4: answers without records
    unsigned mx_names = 10;      // RFC 7208 §4.6.4: address lookups of one mx mechanism
    unsigned ptr_names = 10;     // RFC 7208 §4.6.4: of one ptr mechanism or %{p}
};

// local: RFC 7208 §3.4 asks publishers for 450 octets; flattened records of 400 networks have 8 KiB. Past
// these a record is a permerror: whoever sends 40 octets of MAIL has all of it parsed.
inline constexpr std::size_t max_record_octets = 16 * 1024;
inline constexpr std::size_t max_record_terms = 5'000;
// local: of all records of one check together, includes and redirects among them.
inline constexpr std::size_t max_check_octets = 128 * 1024;
// local: RFC 7208 §6.2 allows a limit; 320 octets of what it expands to are shown.
inline constexpr std::size_t max_explain_string_octets = 4 * 1024;

}  // namespace gatepost::auth::spf
