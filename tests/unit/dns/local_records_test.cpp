#include "dns/local_records.hpp"

#include <gtest/gtest.h>

namespace gatepost::dns {
namespace {

using std::chrono::seconds;

DomainName name(std::string_view text) {
    return DomainName::parse(text).value();
}

struct GoodCase {
    std::string_view line;
    RrType type;
    RecordData data;
    seconds ttl{300};
};

TEST(LocalRecords, reads_zone_file_lines) {
    const GoodCase cases[] = {
        {"a.example. 60 IN TXT \"v=spf1 -all\"", RrType::txt, std::string("v=spf1 -all"), seconds(60)},
        {"a.example IN 60 txt \"v=spf1 \" \"-all\"", RrType::txt, std::string("v=spf1 -all"), seconds(60)},
        {"a.example. TXT v=spf1\\032-all", RrType::txt, std::string("v=spf1 -all")},
        {"a.example. TXT \"a\\\"b;c\" ; a comment", RrType::txt, std::string("a\"b;c")},
        {"a.example. TXT \"\"", RrType::txt, std::string()},
        {"\ta.example.  0  A   192.0.2.1 ", RrType::a, *IpAddress::parse("192.0.2.1"), seconds(0)},
        {"a.example. AAAA 2001:db8::1", RrType::aaaa, *IpAddress::parse("2001:db8::1")},
        {"a.example. MX 10 mx.example.", RrType::mx, MxData{10, name("mx.example")}},
        {"a.example. MX 0 .", RrType::mx, MxData{0, DomainName()}},  // RFC 7505 §3
        {"A.EXAMPLE. CNAME B.example.", RrType::cname, name("b.example")},
        {"a.example. NS ns.example.", RrType::ns, name("ns.example")},
        {"a.example. PTR host.example.", RrType::ptr, name("host.example")},
    };
    for (const GoodCase& c : cases) {
        const LocalRecordResult got = parse_local_record(c.line);
        ASSERT_TRUE(got.record) << c.line << ": " << got.error;
        EXPECT_EQ(got.record->name, name("a.example")) << c.line;
        EXPECT_EQ(got.record->type, c.type) << c.line;
        EXPECT_EQ(got.record->data, c.data) << c.line;
        EXPECT_EQ(got.record->ttl, c.ttl) << c.line;
    }
}

TEST(LocalRecords, says_what_is_wrong) {
    const std::string long_string = "a.example. TXT \"" + std::string(256, 'x') + "\"";
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"", "an empty line"},
        {"; only a comment", "an empty line"},
        {"a..example. A 192.0.2.1", "'a..example.' is no domain name"},
        {"a.example.", "no record type"},
        {"a.example. 60 IN", "no record type"},
        {"a.example. CH TXT x", "'CH' is none of A, AAAA, CNAME, MX, NS, PTR and TXT"},
        {"a.example. \"TXT\" x", "'TXT' is none of A, AAAA, CNAME, MX, NS, PTR and TXT"},
        {"a.example. 60 60 TXT x", "'60' is none of A, AAAA, CNAME, MX, NS, PTR and TXT"},
        {"a.example. 4000000000 TXT x", "TTL 4000000000 is over 2147483647"},
        {"a.example. TXT", "TXT has 0 data fields, not one or more"},
        {"a.example. A", "A has 0 data fields, not 1"},
        {"a.example. A 192.0.2.1 192.0.2.2", "A has 2 data fields, not 1"},
        {"a.example. A 2001:db8::1", "'2001:db8::1' is no IPv4 address"},
        {"a.example. AAAA 192.0.2.1", "'192.0.2.1' is no IPv6 address"},
        {"a.example. MX mx.example.", "MX has 1 data fields, not 2"},
        {"a.example. MX 70000 mx.example.", "'70000' is no MX preference"},
        {"a.example. PTR a\\.b.example.", "escapes in domain names are not taken"},
        {"a.example. TXT \"open", "a quoted string is not closed"},
        {"a.example. TXT \\25", "a broken escape"},
        {"a.example. TXT \\256", "a broken escape"},
        {"a.example. TXT x\nb.example. TXT y", "one record a line"},
        {long_string, "a string of 256 octets: at most 255, so write it as several"},
    };
    for (const auto& [line, want] : cases) {
        const LocalRecordResult got = parse_local_record(line);
        EXPECT_FALSE(got.record) << line;
        EXPECT_EQ(got.error, want) << line;
    }
}

TEST(LocalRecords, makes_a_zone_and_tells_each_error) {
    const LocalZone local =
        make_local_zone({"a.example. TXT one", "a.example. TXT two", "bad", "b.example. CNAME a.example.",
                         "b.example. TXT x", "a.example. CNAME b.example."});
    ASSERT_EQ(local.errors.size(), 3U);
    EXPECT_EQ(local.errors[0].line, 2U);
    EXPECT_EQ(local.errors[0].text, "no record type");
    EXPECT_EQ(local.errors[1].line, 4U);
    EXPECT_EQ(local.errors[1].text, "b.example has a CNAME, which stands alone (RFC 1034 §3.6.2)");
    EXPECT_EQ(local.errors[2].line, 5U);
    EXPECT_EQ(local.zone->find(name("b.example"), RrType::txt)->records.size(), 2U);
}

}  // namespace
}  // namespace gatepost::dns
