// Internationalised names: U-labels to A-labels before any comparison or lookup (RFC 5891 §4, RFC 9989 §11.5
// asks it of the author domain). The one door to libidn2.
#pragma once

#include "dns/domain_name.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost::dns {

// Takes dotted UTF-8 text, U-labels and A-labels mixed. nullopt: not UTF-8, not a valid label by IDNA 2008
// (with UTS 46 mapping, non-transitional), or not a valid domain name. ASCII names pass unchanged, but for
// case.
std::optional<DomainName> to_ascii(std::string_view utf8);

// How much one message may have converted. Each octet costs up to a microsecond (a label of one letter costs
// as much as a long one), and a header has room for thousands of names. ASCII names are free.
class IdnaBudget {
  public:
    // local: names of 60 octets for the author, for each of 20 signatures and of 20 ARC Sets three.
    static constexpr std::size_t octets_of_a_message = 8 * 1024;

    // To be asked before to_ascii(). False: there is not so much left, and nothing is taken.
    bool take(std::string_view utf8);

  private:
    std::size_t left_ = octets_of_a_message;
};

// For names that are handed on as they came, so that nothing may be mapped (RFC 6531 §3.3): `utf8` with each
// U-label (RFC 5890 §2.3.2.1: in NFC, without a DISALLOWED code point, so in lower case) as an A-label and
// each ASCII label as it is. nullopt for other labels, and for one that begins with `xn--` and is no Punycode
// (a Fake A-label). What Punycode decodes to is not looked at: hosts exist whose names IDNA 2003 allowed.
// Whether the result is a domain name is not asked.
std::optional<std::string> u_labels_to_a_labels(std::string_view utf8);

}  // namespace gatepost::dns
