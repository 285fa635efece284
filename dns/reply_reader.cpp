#include "dns/reply_reader.hpp"

#include <algorithm>

namespace gatepost::dns {
namespace {

constexpr std::uint16_t class_in = 1;
constexpr std::uint16_t type_ns = static_cast<std::uint16_t>(RrType::ns);
constexpr std::uint16_t type_soa = static_cast<std::uint16_t>(RrType::soa);
constexpr std::uint16_t type_opt = 41;  // RFC 6891 §6.1.1
constexpr unsigned rcode_no_error = 0;
constexpr unsigned rcode_format_error = 1;
constexpr unsigned rcode_server_failure = 2;
constexpr unsigned rcode_nx_domain = 3;
constexpr unsigned rcode_not_implemented = 4;
constexpr unsigned rcode_refused = 5;
constexpr unsigned rcode_bad_version = 16;  // RFC 6891 §9
constexpr int max_chain = 10;               // local: CNAME steps in one reply; honest chains have a few

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
        case rcode_bad_version:
            return "BADVERS";
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
    return reply_of(edns_in_doubt ? Reply::Kind::format_error : Reply::Kind::failure, rcode_name(rcode),
                    rcode == rcode_refused ? Trouble::refused : Trouble::server_failure);
}

// RFC 6891 §6.1.3: the OPT record holds the upper eight bits.
unsigned full_rcode(const MessageHeader& header, const std::vector<RawRecord>& records) {
    const auto opt = std::find_if(records.begin(), records.end(), [](const RawRecord& record) {
        return record.section == Section::additional && record.type == type_opt;
    });
    return opt == records.end() ? header.rcode : (opt->ttl >> 24 << 4 | header.rcode);
}

// Reads the answer out of the records of a message whose frame is sound.
class AnswerReader {
  public:
    AnswerReader(Octets message, const Query& query, const std::vector<RawRecord>& records)
        : message_(message), query_(query), records_(records), owner_(query.name) {}

    Reply read(const MessageHeader& header, unsigned rcode) {
        reply_.kind = Reply::Kind::answer;
        reply_.answer.authentic_data = header.authentic_data;
        for (int step = 0; step <= max_chain; ++step) {
            if (!collect_records()) return malformed("broken RDATA");
            if (seen_records_ > 0) return finish_found(rcode);
            const RawRecord* alias = find(Section::answer, RrType::cname);
            if (!alias) return finish_absent(header, rcode);
            if (auto problem = follow(*alias)) return malformed(std::move(*problem));
        }
        return reply_of(Reply::Kind::failure, "CNAME chain too long, or a loop", Trouble::malformed);
    }

  private:
    bool at_owner(const RawRecord& record, Section section, RrType type) const {
        return record.section == section && record.record_class == class_in &&
               record.type == static_cast<std::uint16_t>(type) && record.owner == owner_;
    }

    const RawRecord* find(Section section, RrType type) const {
        const auto found = std::find_if(records_.begin(), records_.end(), [&](const RawRecord& record) {
            return at_owner(record, section, type);
        });
        return found == records_.end() ? nullptr : &*found;
    }

    bool collect_records() {
        for (const RawRecord& record : records_) {
            if (!at_owner(record, Section::answer, query_.type)) continue;
            DecodedData decoded = decode_data(message_, record);
            if (!decoded.sound) return false;
            ++seen_records_;
            bound_ttl(sane_ttl(record.ttl));
            if (decoded.data) reply_.answer.records.push_back(std::move(*decoded.data));
        }
        return true;
    }

    // What is wrong with the alias, or nothing, and then the owner is its target.
    std::optional<std::string> follow(const RawRecord& alias) {
        DecodedData decoded = decode_data(message_, alias);
        if (!decoded.sound) return "broken CNAME";
        if (!decoded.data) return "CNAME to a name too long to write";
        bound_ttl(sane_ttl(alias.ttl));
        owner_ = std::get<DomainName>(std::move(*decoded.data));
        aliased_ = true;
        return std::nullopt;
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
    const unsigned rcode = full_rcode(*header, *records);
    if (rcode != rcode_no_error && rcode != rcode_nx_domain) return failure_of(rcode);
    return AnswerReader(message, query, *records).read(*header, rcode);
}

}  // namespace gatepost::dns
