#include "auth/dkim/signature_field.hpp"

#include "auth/abnf.hpp"
#include "auth/base64.hpp"
#include "auth/crypto/digest.hpp"
#include "auth/utf8.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <initializer_list>
#include <utility>

namespace gatepost::auth::dkim {
namespace {

constexpr std::size_t maximum_identity_octets =
    1024;  // local: a mailbox has 64 + 1 + 255 (RFC 5321 §4.5.3.1)
// Local: a name has 253 octets in A-labels (RFC 1035 §2.3.4), and no more than four times that in U-labels.
constexpr std::size_t maximum_domain_octets = 1024;

std::string printable(std::string_view text) {
    constexpr std::size_t shown = 40;
    std::string out;
    for (const char c : text.substr(0, shown))
        out += ascii::is_visible(c) ? c : '?';
    return out;
}

// Reads one field into one SignatureField; each read_ function gives what is wrong, or nothing.
class Reader {
  public:
    Reader(const TagList& tags, SignatureField& out, std::chrono::system_clock::time_point now,
           dns::IdnaBudget& names)
        : tags_(tags), out_(out), now_(now), names_(names) {}

    // Every tag is read even after a fault, so that a result can name domain and selector; the first counts.
    Reason read(SignatureSyntax syntax) {
        switch (syntax) {
            case SignatureSyntax::dkim:
                return first_of({read_version(), read_domain(), read_selector(), read_algorithm(),
                                 read_signature(), read_body_hash(), read_canonicalization(), read_names(),
                                 read_identity(), read_body_length(), read_query(), read_times()});
            case SignatureSyntax::arc_message_signature:
                return first_of({read_domain(), read_selector(), read_algorithm(), read_signature(),
                                 read_body_hash(), read_canonicalization(), read_arc_names(),
                                 read_body_length(), read_query(), read_times()});
            case SignatureSyntax::arc_seal:
                out_.header_canonicalization = Canonicalization::relaxed;
                return first_of({refuse_names(), read_domain(), read_selector(), read_algorithm(),
                                 read_signature(), read_timestamp()});
        }
        return Reason("unknown syntax");
    }

  private:
    static Reason first_of(std::initializer_list<Reason> faults) {
        for (const Reason& fault : faults)
            if (!fault.empty()) return fault;
        return {};
    }

    // False: too long for a name, or for what the message has left.
    bool may_convert(std::string_view name) {
        if (name.size() > maximum_domain_octets) return false;
        const bool may = names_.take(name);
        out_.is_left_unread = out_.is_left_unread || !may;
        return may;
    }

    Reason read_version() {
        const auto value = tags_.value("v");
        if (!value) return Reason("no v= tag");
        return *value == "1" ? Reason() : Reason("incompatible version", "v=" + printable(*value));
    }

    Reason read_domain() {
        const auto value = tags_.value("d");
        if (!value) return Reason("no d= tag");
        if (!may_convert(*value)) return Reason("d= is no domain name");
        out_.domain = parse_signing_domain(*value);
        return out_.domain ? Reason() : Reason("d= is no domain name");
    }

    Reason read_selector() {
        const auto value = tags_.value("s");
        if (!value) return Reason("no s= tag");
        if (!may_convert(*value)) return Reason("s= is no selector");
        const auto selector = dns::to_ascii(*value);
        if (!selector || !selector->is_host_name(true) || value->ends_with('.'))
            return Reason("s= is no selector");
        out_.selector = selector->text();
        if (!out_.domain) return {};
        out_.key_name = out_.domain->prepend(out_.selector + "._domainkey");  // RFC 6376 §3.6.2.1
        return out_.key_name ? Reason() : Reason("the name of the key is too long");
    }

    Reason read_algorithm() {
        const auto value = tags_.value("a");
        if (!value) return Reason("no a= tag");
        if (!std::all_of(value->begin(), value->end(), ascii::is_visible))
            return Reason("a= is no algorithm");
        out_.algorithm = value->substr(0, 64);
        if (*value == "rsa-sha256") {
            out_.key_type = crypto::KeyType::rsa;
        } else if (*value == "ed25519-sha256") {
            out_.key_type = crypto::KeyType::ed25519;  // RFC 8463 §3
        } else if (*value == "rsa-sha1") {
            return Reason("algorithm rsa-sha1 is historic (RFC 8301)");
        } else {
            return Reason("unknown algorithm", "a=" + printable(*value));
        }
        return {};
    }

    Reason read_signature() {
        const Tag* tag = tags_.find("b");
        if (!tag) return Reason("no b= tag");
        out_.spelled_signature = tag->spelled;
        auto octets = base64_decode(tag->value, maximum_signature_octets);
        if (!octets) return Reason("b= is no base64, or too long");
        for (const char c : tag->value) {
            if (out_.signature_prefix.size() == 8) break;  // RFC 6008 §4
            if (ascii::is_visible(c)) out_.signature_prefix += c;
        }
        if (octets->empty()) return Reason("b= is empty");
        out_.signature = std::move(*octets);
        return {};
    }

    Reason read_body_hash() {
        const auto value = tags_.value("bh");
        if (!value) return Reason("no bh= tag");
        auto octets = base64_decode(*value, crypto::sha256_octets);
        if (!octets || octets->size() != crypto::sha256_octets)
            return Reason("bh= is no base64 of a SHA-256 hash");
        out_.body_hash = std::move(*octets);
        return {};
    }

    Reason read_canonicalization() {
        const auto value = tags_.value("c");
        if (!value) return {};
        const std::size_t slash = value->find('/');
        const auto header = canonicalization_of(value->substr(0, slash));
        // RFC 6376 §3.5: one name alone is the header's, and the body's is simple.
        const auto body = slash == std::string_view::npos ? Canonicalization::simple
                                                          : canonicalization_of(value->substr(slash + 1));
        if (!header || !body) return Reason("unknown canonicalization", "c=" + printable(*value));
        out_.header_canonicalization = *header;
        out_.body_canonicalization = *body;
        return {};
    }

    static std::optional<Canonicalization> canonicalization_of(std::string_view name) {
        if (name == "simple") return Canonicalization::simple;
        if (name == "relaxed") return Canonicalization::relaxed;
        return std::nullopt;
    }

    Reason read_names() {
        const auto value = tags_.value("h");
        if (!value) return Reason("no h= tag");
        auto names = parse_signed_names(*value);
        if (!names) return names.error().reason();
        out_.signed_names = std::move(*names);
        // RFC 6376 §6.1.1
        const auto from = std::find(out_.signed_names.begin(), out_.signed_names.end(), "from");
        return from == out_.signed_names.end() ? Reason("h= does not name From") : Reason();
    }

    // RFC 8617 §5.2 takes the signing of RFC 6376 §5, not the verifiers' rule of its §6.1.1 that From be
    // signed; and ARC's testers let names be empty, as names that select nothing. What a signature covers is
    // told beside the result instead.
    Reason read_arc_names() {
        const auto value = tags_.value("h");
        if (!value) return Reason("no h= tag");
        std::string names;
        const auto written = split_colon_list(*value, maximum_signed_names);
        if (written.empty()) return Reason("too many names in h=");
        for (const std::string_view name : written)
            if (!name.empty()) names.append(names.empty() ? "" : ":").append(name);
        if (names.empty()) return {};
        auto parsed = parse_signed_names(names);
        if (!parsed) return parsed.error().reason();
        out_.signed_names = std::move(*parsed);
        // RFC 8617 §4.1.2 forbids all ARC fields here. Sealers of earlier drafts signed the other two, and
        // many still do; a seal, which comes after the signature, can never be meant.
        const auto seal = std::find(out_.signed_names.begin(), out_.signed_names.end(), "arc-seal");
        return seal == out_.signed_names.end() ? Reason() : Reason("h= names ARC-Seal");
    }

    Reason refuse_names() const { return tags_.find("h") ? Reason("h= in an ARC-Seal") : Reason(); }

    Reason read_identity() {
        const auto value = tags_.value("i");
        if (!value) {
            if (out_.domain) out_.identity = "@" + out_.domain->text();
            out_.identity_domain = out_.domain;
            return {};
        }
        const auto decoded = decode_dkim_quoted_printable(*value);
        if (!decoded || decoded->size() > maximum_identity_octets) return Reason("i= is no identity");
        const std::size_t at = decoded->rfind('@');
        if (at == std::string::npos || !is_text_of_identity(*decoded)) return Reason("i= is no identity");
        const std::string_view written = std::string_view(*decoded).substr(at + 1);
        const auto domain = may_convert(written) ? parse_signing_domain(written) : std::nullopt;
        if (!domain) return Reason("i= has no domain");
        out_.identity = decoded->substr(0, at + 1) + domain->text();
        out_.identity_domain = domain;
        if (out_.domain && !domain->is_at_or_below(*out_.domain)) return Reason("i= is not at or below d=");
        return {};
    }

    // What is decoded goes into header fields that we write: no controls, and UTF-8 or nothing.
    static bool is_text_of_identity(const std::string& text) {
        const bool controls = std::any_of(
            text.begin(), text.end(), [](char c) { return !ascii::is_printable(c) && !ascii::is_8bit(c); });
        return !controls && is_utf8(text);
    }

    Reason read_body_length() {
        const auto value = tags_.value("l");
        if (!value) return {};
        out_.body_length = parse_number(*value);
        return out_.body_length ? Reason() : Reason("l= is no number");
    }

    // RFC 6376 §3.5 q=: unknown methods are ignored; dns/txt must be among them.
    Reason read_query() {
        const auto value = tags_.value("q");
        if (!value) return {};
        const auto methods = split_colon_list(*value);
        const bool known = std::find(methods.begin(), methods.end(), "dns/txt") != methods.end();
        return known ? Reason() : Reason("no known query method in q=");
    }

    // RFC 6376 §3.5: implementations may ignore signatures of the future, and of the past by x=.
    Reason read_timestamp() {
        const auto t = tags_.value("t");
        if (!t) return {};
        out_.timestamp = parse_number(*t);
        if (!out_.timestamp) return Reason("t= is no number");
        const auto slack = static_cast<std::uint64_t>(maximum_clock_difference.count());
        return *out_.timestamp > seconds_now() + slack ? Reason("signed in the future (t=)") : Reason();
    }

    Reason read_times() {
        Reason fault = read_timestamp();
        const auto x = tags_.value("x");
        if (!fault.empty() || !x) return fault;
        out_.expiration = parse_number(*x);
        if (!out_.expiration) return Reason("x= is no number");
        if (out_.timestamp && *out_.expiration <= *out_.timestamp) return Reason("x= is not after t=");
        return *out_.expiration < seconds_now() ? Reason("signature expired (x=)") : Reason();
    }

    std::uint64_t seconds_now() const {
        const auto seconds =
            std::chrono::duration_cast<std::chrono::seconds>(now_.time_since_epoch()).count();
        return static_cast<std::uint64_t>(std::max<decltype(seconds)>(seconds, 0));
    }

    const TagList& tags_;
    SignatureField& out_;
    std::chrono::system_clock::time_point now_;
    dns::IdnaBudget& names_;
};

SignatureField unread(Reason why) {
    SignatureField out;
    out.fault = std::move(why);
    out.is_left_unread = true;
    return out;
}

}  // namespace

SignatureField parse_signature_field(const HeaderField& field, std::chrono::system_clock::time_point now,
                                     dns::IdnaBudget& names) {
    if (field.value.size() > maximum_field_octets)
        return unread(Reason("a field of more than ").then(maximum_field_octets).then(" octets"));
    const auto tags = TagList::parse(field.value);
    if (tags) return parse_signature_tags(*tags, SignatureSyntax::dkim, now, names);
    SignatureField out;
    out.fault = tags.error().reason();
    return out;
}

SignatureField parse_signature_tags(const TagList& tags, SignatureSyntax syntax,
                                    std::chrono::system_clock::time_point now, dns::IdnaBudget& names) {
    SignatureField out;
    out.fault = Reader(tags, out, now, names).read(syntax);
    // Of what was not read nothing else is known.
    if (out.is_left_unread) return unread(Reason("more internationalised names than one message may have"));
    return out;
}

std::optional<std::uint64_t> parse_number(std::string_view digits) {
    if (digits.empty() || digits.size() > maximum_digits) return std::nullopt;
    constexpr std::uint64_t maximum = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t number = 0;
    for (const char c : digits) {
        if (!ascii::is_digit(c)) return std::nullopt;
        const auto digit = static_cast<std::uint64_t>(c - '0');
        const bool overflows = number > (maximum - digit) / 10;
        number = overflows ? maximum : number * 10 + digit;
    }
    return number;
}

Parsed<std::vector<std::string>> parse_signed_names(std::string_view value) {
    const auto names = split_colon_list(value, maximum_signed_names);
    if (names.empty()) return ParseError("too many names in h=");
    std::vector<std::string> lower;
    lower.reserve(names.size());
    for (const std::string_view name : names) {
        // RFC 5322 §2.2: 33..126 but the colon; the semicolon ended the tag.
        if (name.empty()) return ParseError("an empty name in h=");
        if (!std::all_of(name.begin(), name.end(), ascii::is_visible))
            return ParseError("an invalid name in h=");
        lower.push_back(ascii::to_lower(name));
    }
    return lower;
}

std::optional<dns::DomainName> parse_signing_domain(std::string_view value) {
    if (value.size() > maximum_domain_octets || value.ends_with('.')) return std::nullopt;
    auto domain = dns::to_ascii(value);
    // RFC 6376 §3.5 d=: sub-domain 1*("." sub-domain). Underscores are no host names, but are signed for.
    if (!domain || domain->label_count() < 2 || !domain->is_host_name(true)) return std::nullopt;
    return domain;
}

}  // namespace gatepost::auth::dkim
