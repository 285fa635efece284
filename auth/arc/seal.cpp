#include "auth/arc/seal.hpp"

#include "auth/base64.hpp"
#include "auth/crypto/digest.hpp"
#include "auth/dkim/body_hash.hpp"
#include "auth/dkim/folded_field.hpp"
#include "auth/dkim/header_hash.hpp"
#include "auth/dkim/sign.hpp"
#include "auth/dkim/signature_field.hpp"
#include "auth/results/field_text.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

namespace gatepost::auth::arc {
namespace {

using dkim::Canonicalization;

struct TagToWrite {
    std::string name;
    std::string value;
};
using Tags = std::vector<TagToWrite>;

// A field in two parts, between which the value of b= will stand.
struct UnsignedField {
    std::string before;
    std::string behind;

    std::string text() const { return before + behind + "\r\n"; }
};

void write_tag(dkim::FoldedField& field, const TagToWrite& tag, bool ended) {
    std::string_view rest = tag.value;
    std::string_view piece = rest.substr(0, rest.find(':'));
    rest.remove_prefix(piece.size());
    std::string text = tag.name;
    text.append("=").append(piece);
    if (rest.empty() && ended) text += ';';
    field.tag(text);
    // h= alone has colons: it is long, and white space may stand at them (RFC 6376 §3.5).
    while (!rest.empty()) {
        piece = rest.substr(0, rest.find(':', 1));
        rest.remove_prefix(piece.size());
        text = piece;
        if (rest.empty() && ended) text += ';';
        field.more(text);
    }
}

// b= is among the tags, without a value; what follows it starts on a line of its own, so that the value's
// length moves no fold.
UnsignedField lay_out(std::string_view name, const Tags& tags) {
    UnsignedField parts;
    dkim::FoldedField field(std::string(name) + ":");
    for (std::size_t i = 0; i < tags.size(); ++i) {
        if (tags[i].name != "b") {
            write_tag(field, tags[i], i + 1 < tags.size());
            continue;
        }
        write_tag(field, tags[i], false);
        parts.before = field.text();
        if (i + 1 == tags.size()) return parts;
        const std::size_t fixed = parts.before.size() + 1;
        field = dkim::FoldedField(parts.before + ";\r\n");
        for (++i; i < tags.size(); ++i)
            write_tag(field, tags[i], i + 1 < tags.size());
        parts.behind = ";" + field.text().substr(fixed);
    }
    return parts;
}

std::string with_signature(const UnsignedField& field, std::string_view signature, FieldLayout layout) {
    const std::string value = base64_encode(signature);
    dkim::FoldedField whole(field.before);
    if (layout == FieldLayout::instance_first)
        whole.base64(value);
    else
        whole = dkim::FoldedField(field.before + value);
    return whole.text() + field.behind + "\r\n";
}

void put_in_order(Tags& tags, FieldLayout layout) {
    if (layout == FieldLayout::instance_first) return;
    std::sort(tags.begin(), tags.end(),
              [](const TagToWrite& a, const TagToWrite& b) { return a.name < b.name; });
}

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names)
        text.append(text.empty() ? "" : ":").append(name);
    return text;
}

std::string seconds_of(std::chrono::system_clock::time_point time) {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count());
}

std::string canonical(std::string_view field) {
    std::string text;
    canonicalize_header_field(Canonicalization::relaxed, field, text);
    return text;
}

// RFC 8617 §5.1 steps 2 and 3, §4.2.1: which set comes next, and with what cv=.
Sealed next_set(const Chain& chain) {
    Sealed next;
    if (chain.newest_says_fail)
        next.reason = "the newest ARC-Seal says cv=fail";
    else if (chain.instance >= maximum_instance)
        next.reason = Reason("the chain has ").then(maximum_instance).then(" sets");
    else
        next.instance = chain.instance + 1;
    // §5.2.1: whatever kept the chain from passing, the DNS included, is a failure for good.
    if (chain.result == Result::pass) next.status = ChainStatus::pass;
    if (chain.result == Result::fail) next.status = ChainStatus::fail;
    return next;
}

// RFC 8617 §4.1.2
bool may_be_signed(const std::string& name) {
    return name != "authentication-results" && !name.starts_with("arc-");
}

Sealed unsealed(Reason reason) {
    Sealed nothing;
    nothing.reason = std::move(reason);
    return nothing;
}

}  // namespace

struct MessageSealer::Impl {
    explicit Impl(SealerIdentityPtr own_identity)
        : identity(std::move(own_identity)),
          body_hash_number(body_hashes.need(Canonicalization::relaxed, std::nullopt)) {}

    Sealed signed_message(const HeaderBlock& header, const Chain& chain, std::string_view results);
    Tags common_tags(const Sealed& set, const SealingOptions& options) const {
        return {{"i", std::to_string(set.instance)},
                {"a", std::string(crypto::to_string(identity->key.type())) + "-sha256"},
                {"d", identity->domain.text()},
                {"s", identity->selector},
                {"t", seconds_of(options.timestamp)}};
    }
    std::optional<std::string> message_signature(const Sealed& set, const HeaderBlock& header,
                                                 const std::vector<std::string>& names,
                                                 const SealingOptions& options) const;
    std::optional<std::string> seal(const Sealed& set, const std::vector<ArcSet>& below,
                                    std::string_view results, std::string_view message_signature,
                                    const SealingOptions& options) const;

    SealerIdentityPtr identity;
    dkim::BodyHashes body_hashes;
    std::size_t body_hash_number;
    // What sign_message() leaves to seal_set().
    struct Begun {
        Sealed set;  // without fields; with a reason where it ends there
        std::vector<ArcSet> below;
        std::string results;
        std::string message_signature;  // empty: it ends there
        SealingOptions options;
    } begun;
};

// RFC 8617 §4.1.2: signed as a DKIM-Signature is (RFC 6376 §3.7).
std::optional<std::string> MessageSealer::Impl::message_signature(const Sealed& set,
                                                                  const HeaderBlock& header,
                                                                  const std::vector<std::string>& names,
                                                                  const SealingOptions& options) const {
    Tags tags = common_tags(set, options);
    tags.push_back({"c", "relaxed/relaxed"});
    tags.push_back({"h", joined(names)});
    tags.push_back({"bh", base64_encode(body_hashes.hash(body_hash_number).octets)});
    tags.push_back({"b", ""});
    put_in_order(tags, options.layout);
    const UnsignedField field = lay_out("ARC-Message-Signature", tags);
    const dkim::FieldIndex index(header);
    const std::string text = field.text();
    const std::string hash = header_hash(select_fields(index, names, nullptr), Canonicalization::relaxed,
                                         text, std::string_view(text).substr(field.before.size(), 0));
    const auto signature = identity->key.sign_sha256(hash);
    if (!signature) return std::nullopt;
    return with_signature(field, *signature, options.layout);
}

// RFC 8617 §5.1.1; `below` is empty where the set is sealed over itself alone.
std::optional<std::string> MessageSealer::Impl::seal(const Sealed& set, const std::vector<ArcSet>& below,
                                                     std::string_view results,
                                                     std::string_view message_signature,
                                                     const SealingOptions& options) const {
    Tags tags = common_tags(set, options);
    tags.push_back({"cv", std::string(to_string(set.status))});
    tags.push_back({"b", ""});
    put_in_order(tags, options.layout);
    const UnsignedField field = lay_out("ARC-Seal", tags);
    crypto::Sha256 digest;
    for (const ArcSet& earlier : below)
        for (const HeaderField* part :
             {earlier.authentication_results, earlier.message_signature, earlier.seal})
            digest.update(canonical(part->raw));
    digest.update(canonical(results));
    digest.update(canonical(message_signature));
    const std::string text = field.text();
    digest.update(canonical_signature_field(Canonicalization::relaxed, text,
                                            std::string_view(text).substr(field.before.size(), 0)));
    const auto signature = identity->key.sign_sha256(digest.finish());
    if (!signature) return std::nullopt;
    return with_signature(field, *signature, options.layout);
}

MessageSealer::MessageSealer(SealerIdentityPtr identity)
    : impl_(std::make_unique<Impl>(std::move(identity))) {}
MessageSealer::~MessageSealer() = default;

void MessageSealer::body(std::string_view chunk) {
    impl_->body_hashes.update(chunk);
}

Sealed MessageSealer::seal(const HeaderBlock& header, const Chain& chain, std::string_view results,
                           const SealingOptions& options) {
    sign_message(header, chain, results, options);
    return seal_set();
}

void MessageSealer::sign_message(const HeaderBlock& header, const Chain& chain, std::string_view results,
                                 const SealingOptions& options) {
    impl_->begun.options = options;
    impl_->body_hashes.finish();
    impl_->begun.set = impl_->signed_message(header, chain, results);
}

// The first half: all but the seal.
Sealed MessageSealer::Impl::signed_message(const HeaderBlock& header, const Chain& chain,
                                           std::string_view results) {
    const SealingOptions& options = begun.options;
    Sealed next = next_set(chain);
    if (next.instance == 0) return next;
    // Two readers could read it differently: no validator would take a signature over it.
    if (header.fault() != HeaderFault::none)
        return unsealed(Reason("malformed header: ").then(Reason(header.fault())));
    const ArcSets found = collect_sets(header);
    const bool goes_on = next.status == ChainStatus::pass;
    if (goes_on && (!found.fault.empty() || found.sets.size() != chain.instance))
        return unsealed(Reason("the chain is not the one that was validated"));
    const std::vector<std::string> names = options.names.empty() ? names_to_seal(header) : options.names;
    if (!std::all_of(names.begin(), names.end(), may_be_signed) || names.size() > dkim::maximum_signed_names)
        return unsealed(Reason("fields that cannot be signed"));

    // RFC 8617 §5.1.2: a chain that failed is not among what is sealed.
    if (goes_on) begun.below = found.sets;
    begun.results = results::folded_field("ARC-Authentication-Results",
                                          "i=" + std::to_string(next.instance) + "; " + std::string(results));
    auto signature = message_signature(next, header, names, options);
    if (!signature) return unsealed(Reason("the key cannot sign"));
    begun.message_signature = std::move(*signature);
    return next;
}

Sealed MessageSealer::seal_set() {
    Impl::Begun& begun = impl_->begun;
    if (begun.message_signature.empty()) return std::move(begun.set);
    const auto seal =
        impl_->seal(begun.set, begun.below, begun.results, begun.message_signature, begun.options);
    if (!seal) return unsealed(Reason("the key cannot sign"));
    begun.set.fields = *seal + begun.message_signature + begun.results;
    return std::move(begun.set);
}

std::vector<std::string> names_to_seal(const HeaderBlock& header) {
    std::vector<std::string> names = dkim::usual_names(header);
    const std::size_t room = dkim::maximum_signed_names - std::min(names.size(), dkim::maximum_signed_names);
    names.insert(names.end(), std::min(header.count("DKIM-Signature"), room), "dkim-signature");
    return names;
}

}  // namespace gatepost::auth::arc
