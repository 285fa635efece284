#include "auth/iprev/iprev.hpp"

#include "tests/support/run.hpp"

#include "dns/zone_resolver.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gatepost::auth::iprev {
namespace {

dns::DomainName name(std::string_view text) {
    return dns::DomainName::parse(text).value();
}

struct Case {
    const char* what;
    std::string_view client;
    std::vector<std::string> names;
    Result result;
    std::string_view confirmed;
};

dns::ZoneResolver make_zone(const Case& entry) {
    dns::ZoneResolver zone;
    const auto client = dns::IpAddress::parse(entry.client).value();
    for (const std::string& text : entry.names)
        zone.add(client.reverse_name(), dns::RrType::ptr, name(text));
    zone.add(name("mail.example"), dns::RrType::a, dns::IpAddress::parse("192.0.2.9").value());
    zone.add(name("mail.example"), dns::RrType::a, dns::IpAddress::parse("192.0.2.1").value());
    zone.add(name("mail.example"), dns::RrType::aaaa, dns::IpAddress::parse("2001:db8::1").value());
    zone.add(name("other.example"), dns::RrType::a, dns::IpAddress::parse("203.0.113.1").value());
    zone.add(name("a;b.example"), dns::RrType::a, dns::IpAddress::parse("192.0.2.1").value());
    zone.add_failure(name("down.example"), std::nullopt, "timeout");
    return zone;
}

// RFC 8601 §3
TEST(Iprev, confirms_the_name_by_its_addresses) {
    const std::vector<std::string> ten(10, "other.example");
    std::vector<std::string> eleventh = ten;
    eleventh.emplace_back("mail.example");
    const Case cases[] = {
        {"a name", "192.0.2.1", {"mail.example"}, Result::pass, "mail.example"},
        {"an IPv6 client", "2001:db8::1", {"mail.example"}, Result::pass, "mail.example"},
        {"a mapped client", "::ffff:192.0.2.1", {"mail.example"}, Result::pass, "mail.example"},
        {"the second name", "192.0.2.1", {"other.example", "mail.example"}, Result::pass, "mail.example"},
        {"no name", "192.0.2.1", {}, Result::permerror, ""},
        {"a name of others", "192.0.2.1", {"other.example"}, Result::fail, ""},
        {"a name that is none", "192.0.2.1", {"gone.example"}, Result::fail, ""},
        {"no host name", "192.0.2.1", {"a;b.example"}, Result::fail, ""},
        {"trouble", "192.0.2.1", {"down.example"}, Result::temperror, ""},
        {"trouble and a refuted name", "192.0.2.1", {"down.example", "other.example"}, Result::temperror, ""},
        {"trouble and a confirmed name",
         "192.0.2.1",
         {"down.example", "mail.example"},
         Result::pass,
         "mail.example"},
        {"the eleventh name is not asked", "192.0.2.1", eleventh, Result::fail, ""},
    };
    for (const Case& entry : cases) {
        dns::ZoneResolver zone = make_zone(entry);
        const auto client = dns::IpAddress::parse(entry.client).value();
        const Check check = tests::run(check_iprev(client, zone));
        EXPECT_EQ(check.result, entry.result) << entry.what;
        EXPECT_EQ(check.name ? check.name->text() : "", entry.confirmed) << entry.what;
        EXPECT_EQ(check.reason.empty(), entry.result == Result::pass) << entry.what;
        EXPECT_LE(zone.questions().size(), 11U) << entry.what;
    }
}

TEST(Iprev, takes_no_trouble_for_an_absence) {
    dns::ZoneResolver zone;
    const auto client = dns::IpAddress::parse("192.0.2.1").value();
    zone.add_failure(client.reverse_name(), dns::RrType::ptr, "SERVFAIL");
    EXPECT_EQ(tests::run(check_iprev(client, zone)).result, Result::temperror);
}

}  // namespace
}  // namespace gatepost::auth::iprev
