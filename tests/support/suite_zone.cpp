// `zonedata` of the suites as a zone in memory (the format of the suite spf-rfc7208).
#include "tests/support/suite.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <stdexcept>

namespace gatepost::tests {
namespace {

[[noreturn]] void broken(const Node& item, std::string_view why) {
    throw std::runtime_error("zonedata, line " + std::to_string(item.line()) + ": " + std::string(why));
}

bool is_failure(const Node& value) {
    return value.is_scalar() && (value.text() == "TIMEOUT" || value.text() == "SERVFAIL");
}

std::string character_strings(const Node& value) {
    if (!value.is_list()) return value.text();
    std::string joined;
    for (const Node& piece : value.items())
        joined += piece.text();
    return joined;
}

// A target: one that no wire could carry is the zone's own fault, but "" is the root (RFC 7505).
dns::DomainName target(const Node& item, const std::string& text) {
    if (text.empty()) return {};
    const auto name = dns::DomainName::parse(text);
    if (!name) broken(item, "no domain name: " + text);
    return *name;
}

dns::RecordData address(const Node& item, const std::string& text) {
    const auto address = dns::IpAddress::parse(text);
    if (!address) broken(item, "no address: " + text);
    return *address;
}

// [10, name] or "10 name".
dns::RecordData mail_exchange(const Node& item, const Node& value) {
    std::string preference;
    std::string exchange;
    if (value.is_list() && value.items().size() == 2) {
        preference = value.items()[0].text();
        exchange = value.items()[1].text();
    } else {
        const std::string& text = value.text();
        const auto blank = text.find(' ');
        if (blank == std::string::npos) broken(item, "no MX: " + text);
        preference = text.substr(0, blank);
        exchange = text.substr(blank + 1);
    }
    const auto number = ascii::parse_decimal<std::uint16_t>(preference, 5);
    if (!number) broken(item, "no preference: " + preference);
    return dns::MxData{*number, target(item, exchange)};
}

class ZoneBuilder {
  public:
    void add_name(const std::string& owner, const Node& items) {
        const auto name = dns::DomainName::parse(owner);
        if (!name) return;  // toolonglabel and its like: no question can ask for it
        // dkim-chasquid says so of a name; the others leave it out.
        if (items.items().size() == 1 && items.items()[0].is_scalar() &&
            items.items()[0].text() == "NXDOMAIN")
            return;
        zone_.add_name(*name);
        const bool has_txt = std::any_of(items.items().begin(), items.items().end(),
                                         [](const Node& item) { return item["TXT"].present(); });
        for (const Node& item : items.items()) {
            if (is_failure(item)) {
                zone_.add_failure(*name, std::nullopt, item.text());
                continue;
            }
            if (!item.is_map()) broken(item, "neither a record nor TIMEOUT nor SERVFAIL");
            for (const auto& [type, value] : item.entries())
                add_record(*name, item, type, value, has_txt);
        }
    }

    dns::ZoneResolver take() { return std::move(zone_); }

  private:
    void add_record(const dns::DomainName& name, const Node& item, const std::string& type, const Node& value,
                    bool has_txt) {
        if (type == "TXT" && value.is_scalar() && value.text() == "NONE") return;
        if (type == "SPF" && has_txt) return;
        const dns::RrType rr_type = type_of(item, type);
        if (is_failure(value))
            zone_.add_failure(name, rr_type, value.text());
        else
            zone_.add(name, rr_type, data(item, rr_type, value));
    }

    static dns::RrType type_of(const Node& item, const std::string& type) {
        if (type == "SPF") return dns::RrType::txt;
        for (const auto candidate : {dns::RrType::a, dns::RrType::aaaa, dns::RrType::mx, dns::RrType::ns,
                                     dns::RrType::txt, dns::RrType::ptr, dns::RrType::cname})
            if (dns::to_string(candidate) == type) return candidate;
        broken(item, "unknown type " + type);
    }

    static dns::RecordData data(const Node& item, dns::RrType type, const Node& value) {
        switch (type) {
            case dns::RrType::a:
            case dns::RrType::aaaa:
                return address(item, value.text());
            case dns::RrType::mx:
                return mail_exchange(item, value);
            case dns::RrType::txt:
                return character_strings(value);
            default:
                return target(item, value.text());
        }
    }

    dns::ZoneResolver zone_;
};

}  // namespace

dns::ZoneResolver make_zone(const Node& zonedata) {
    ZoneBuilder builder;
    for (const auto& [owner, items] : zonedata.entries())
        builder.add_name(owner, items);
    return builder.take();
}

}  // namespace gatepost::tests
