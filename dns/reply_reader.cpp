#include "dns/reply_reader.hpp"

#include <algorithm>
#include <string_view>

namespace gatepost::dns {
namespace {

constexpr std::uint16_t class_in = 1;
constexpr std::uint16_t type_ns = static_cast<std::uint16_t>(RrType::ns);
constexpr std::uint16_t type_soa = static_cast<std::uint16_t>(RrType::soa);
constexpr std::uint16_t type_dname = 39;  // RFC 6672 §2.1
constexpr unsigned rcode_no_error = 0;
constexpr unsigned rcode_format_error = 1;
constexpr unsigned rcode_server_failure = 2;
constexpr unsigned rcode_nx_domain = 3;
constexpr unsigned rcode_not_implemented = 4;
constexpr unsigned rcode_refused = 5;
constexpr unsigned rcode_yx_domain = 6;     // RFC 6672 §2.2: a DNAME led to a name that is too long
constexpr unsigned rcode_bad_version = 16;  // RFC 6891 §9
constexpr unsigned rcode_bad_cookie = 23;   // RFC 7873 §8
constexpr int max_chain = 10;               // local: steps of a chain in one reply; honest ones have a few
// local: an RRset of more records, or with more octets of data, is nobody's mail set-up. It is a failure, as
// a part of it would be a different answer.
constexpr std::size_t max_rrset_records = 1024;
constexpr std::size_t max_rrset_octets = 131'072;

// RFC 2181 §8: a TTL with the top bit set counts as zero.
std::chrono::seconds sane_ttl(std::uint32_t ttl) {
    return std::chrono::seconds((ttl & 0x80000000U) != 0 ? 0 : ttl);
}

std::string rcode_name(unsigned rcode) {
    switch (rcode) {
        case rcode_format_error:
            return "FORMERR";
        case rcode_server_failure:
            return "SERVFAIL";
        case rcode_not_implemented:
            return "NOTIMP";
        case rcode_refused:
            return "REFUSED";
        case rcode_yx_domain:
            return "YXDOMAIN";
        case rcode_bad_version:
            return "BADVERS";
        case rcode_bad_cookie:
            return "BADCOOKIE";
        default:
            return "RCODE " + std::to_string(rcode);
    }
}

Reply reply_of(Reply::Kind kind, std::string detail, Trouble trouble) {
    Reply reply;
    reply.kind = kind;
    reply.detail = std::move(detail);
    reply.trouble = trouble;
    return reply;
}

Reply malformed(std::string what) {
    return reply_of(Reply::Kind::malformed, "malformed reply: " + std::move(what), Trouble::malformed);
}

Reply failure_of(unsigned rcode) {
    const bool edns_in_doubt =
        rcode == rcode_format_error || rcode == rcode_not_implemented || rcode == rcode_bad_version;
    const Reply::Kind kind = edns_in_doubt               ? Reply::Kind::format_error
                             : rcode == rcode_bad_cookie ? Reply::Kind::bad_cookie
                                                         : Reply::Kind::failure;
    return reply_of(kind, rcode_name(rcode),
                    rcode == rcode_refused ? Trouble::refused : Trouble::server_failure);
}

std::size_t octets_of(const RecordData& data) {
    if (const auto* text = std::get_if<std::string>(&data)) return text->size();
    if (const auto* name = std::get_if<DomainName>(&data)) return name->text().size();
    if (const auto* mx = std::get_if<MxData>(&data)) return mx->exchange.text().size();
    return sizeof(IpAddress);
}

// `name`, which lies below `owner`, with `target` in the owner's place (RFC 6672 §2.2); nullopt: it is too
// long.
std::optional<DomainName> substitute(const DomainName& name, const DomainName& owner,
                                     const DomainName& target) {
    std::string_view above = name.text();
    above.remove_suffix(owner.is_root() ? 0 : owner.text().size() + 1);
    return target.prepend(above);
}

// Reads the answer out of the records of a message whose frame is sound.
class AnswerReader {
  public:
    AnswerReader(Octets message, const Query& query, const std::vector<RawRecord>& records)
        : message_(message), query_(query), records_(records), owner_(query.name) {}

    Reply read(const MessageHeader& header, unsigned rcode) {
        reply_.kind = Reply::Kind::answer;
        reply_.answer.authentic_data = header.authentic_data && query_.authentic_data;
        for (int step = 0; step <= max_chain; ++step) {
            if (auto problem = collect_records()) return malformed(std::move(*problem));
            if (seen_records_ > 0) return finish_found(rcode);
            const RawRecord* alias = find_alias();
            const RawRecord* redirection = find_redirection();
            if (!alias && !redirection) return finish_absent(header, rcode);
            auto problem = redirection ? follow_redirection(*redirection, alias) : follow(*alias);
            if (problem) return malformed(std::move(*problem));
        }
        return reply_of(Reply::Kind::failure, "CNAME chain too long, or a loop", Trouble::malformed);
    }

  private:
    bool at_owner(const RawRecord& record, RrType type) const {
        return record.section == Section::answer && record.record_class == class_in &&
               record.type == static_cast<std::uint16_t>(type) && record.owner == owner_;
    }

    const RawRecord* find_alias() const {
        const auto found = std::find_if(records_.begin(), records_.end(), [&](const RawRecord& record) {
            return at_owner(record, RrType::cname);
        });
        return found == records_.end() ? nullptr : &*found;
    }

    // A DNAME redirects what lies below its owner, not the owner itself (RFC 6672 §2.3).
    const RawRecord* find_redirection() const {
        const auto found = std::find_if(records_.begin(), records_.end(), [&](const RawRecord& record) {
            return record.section == Section::answer && record.record_class == class_in &&
                   record.type == type_dname && record.owner && owner_ != *record.owner &&
                   owner_.is_at_or_below(*record.owner);
        });
        return found == records_.end() ? nullptr : &*found;
    }

    // What is wrong with the records, or nothing.
    std::optional<std::string> collect_records() {
        for (const RawRecord& record : records_) {
            if (!at_owner(record, query_.type)) continue;
            DecodedData decoded = decode_data(message_, record);
            if (!decoded.sound) return "broken RDATA";
            bound_ttl(sane_ttl(record.ttl));
            if (decoded.data) rrset_octets_ += octets_of(*decoded.data);
            if (++seen_records_ > max_rrset_records || rrset_octets_ > max_rrset_octets)
                return "too large an RRset";
            if (decoded.data) reply_.answer.records.push_back(std::move(*decoded.data));
        }
        return std::nullopt;
    }

    std::optional<DomainName> target_of(const RawRecord& alias, std::string& problem) const {
        DecodedData decoded = decode_data(message_, alias);
        if (!decoded.sound)
            problem = "broken CNAME";
        else if (!decoded.data)
            problem = "CNAME to a name too long to write";
        if (!problem.empty()) return std::nullopt;
        return std::get<DomainName>(std::move(*decoded.data));
    }

    // What is wrong with the alias, or nothing, and then the owner is its target.
    std::optional<std::string> follow(const RawRecord& alias) {
        std::string problem;
        auto target = target_of(alias, problem);
        if (!target) return problem;
        move_on(std::move(*target), alias);
        return std::nullopt;
    }

    // RFC 6672 §3.4: the substitution is ours to make. The CNAME that a server puts beside it for those who
    // do not know DNAME has to say the same; its TTL may be 0 (RFC 2672 had it so), and the DNAME's counts.
    std::optional<std::string> follow_redirection(const RawRecord& redirection, const RawRecord* alias) {
        const auto target = decode_dname_target(message_, redirection);
        if (!target) return "broken DNAME";
        // It would lead on and on until the name is too long (RFC 6672 §2.2 warns of it).
        if (target->is_at_or_below(*redirection.owner)) return "a DNAME that leads below itself";
        auto substituted = substitute(owner_, *redirection.owner, *target);
        if (!substituted) return "DNAME to a name that is too long";
        if (alias) {
            std::string problem;
            const auto synthesized = target_of(*alias, problem);
            if (!synthesized) return problem;
            if (*synthesized != *substituted) return "a CNAME that contradicts its DNAME";
        }
        move_on(std::move(*substituted), redirection);
        return std::nullopt;
    }

    void move_on(DomainName target, const RawRecord& by) {
        bound_ttl(sane_ttl(by.ttl));
        owner_ = std::move(target);
        aliased_ = true;
    }

    Reply finish_found(unsigned rcode) {
        if (rcode != rcode_no_error) return malformed("NXDOMAIN with records");
        if (reply_.answer.records.empty()) return malformed("no name that could be written");
        reply_.answer.outcome = Outcome::success;
        return finish();
    }

    Reply finish_absent(const MessageHeader& header, unsigned rcode) {
        const bool proven = bound_by_soa();
        reply_.answer.outcome = rcode == rcode_nx_domain ? Outcome::nx_domain : Outcome::no_data;
        if (rcode == rcode_no_error && !proven) {
            // RFC 6604 §3: what was not said of the chain's end is not an absence.
            if (aliased_) reply_.continue_at = owner_;
            // RFC 2308 §2.2: NS without SOA is a referral, from a server that does not resolve for us.
            if (!aliased_ && !header.authoritative && has_ns())
                return reply_of(Reply::Kind::failure, "referral instead of an answer",
                                Trouble::server_failure);
        }
        // RFC 2308 §5: an absence without SOA should not be cached.
        if (!proven && !reply_.continue_at) ttl_ = std::chrono::seconds(0);
        return finish();
    }

    // RFC 2308 §5: the lesser of the SOA's own TTL and its MINIMUM.
    bool bound_by_soa() {
        for (const RawRecord& record : records_) {
            if (record.section != Section::authority || record.record_class != class_in ||
                record.type != type_soa || !record.owner || !owner_.is_at_or_below(*record.owner))
                continue;
            const auto minimum = decode_soa_minimum(message_, record);
            if (!minimum) continue;
            bound_ttl(sane_ttl(record.ttl));
            bound_ttl(sane_ttl(*minimum));
            return true;
        }
        return false;
    }

    bool has_ns() const {
        return std::any_of(records_.begin(), records_.end(), [](const RawRecord& record) {
            return record.section == Section::authority && record.type == type_ns;
        });
    }

    void bound_ttl(std::chrono::seconds ttl) { ttl_ = std::min(ttl_.value_or(ttl), ttl); }

    Reply finish() {
        reply_.answer.ttl = ttl_.value_or(std::chrono::seconds(0));
        reply_.answer.aliased = aliased_;
        return std::move(reply_);
    }

    Octets message_;
    const Query& query_;
    const std::vector<RawRecord>& records_;
    DomainName owner_;  // where the chain has come to
    bool aliased_ = false;
    std::size_t seen_records_ = 0;
    std::size_t rrset_octets_ = 0;
    std::optional<std::chrono::seconds> ttl_;
    Reply reply_;
};

}  // namespace

Reply read_reply(Octets message, const Query& query) {
    const auto header = read_header(message);
    if (!header) return malformed("length");
    // Nothing of a truncated message is believed (RFC 2181 §9).
    if (header->truncated) return reply_of(Reply::Kind::truncated, "truncated", Trouble::malformed);
    const bool failed = header->rcode != rcode_no_error && header->rcode != rcode_nx_domain;
    if (failed && header->questions == 0) return failure_of(header->rcode);

    const auto records = read_records(message);
    if (!records) return failed ? failure_of(header->rcode) : malformed("broken record");
    ReplyOptions options = read_options(message, *records);
    const unsigned rcode = options.extended_rcode << 4 | header->rcode;
    const bool answered = rcode == rcode_no_error || rcode == rcode_nx_domain;
    Reply reply = answered ? AnswerReader(message, query, *records).read(*header, rcode) : failure_of(rcode);
    reply.options = options;
    return reply;
}

}  // namespace gatepost::dns
