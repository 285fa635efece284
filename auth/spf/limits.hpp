// The processing limits of RFC 7208 §4.6.4.
#pragma once

namespace gatepost::auth::spf {

struct Limits {
    unsigned lookup_terms = 10;  // RFC 7208 §4.6.4: include, a, mx, ptr, exists and redirect together
    unsigned void_lookups = 2;   // RFC 7208 §4.6.4: answers without records
    unsigned mx_names = 10;      // RFC 7208 §4.6.4: address lookups of one mx mechanism
    unsigned ptr_names = 10;     // RFC 7208 §4.6.4: of one ptr mechanism or %{p}
};

}  // namespace gatepost::auth::spf
