#include "dns/reply_reader.hpp"

#include "tests/unit/dns/message_builder.hpp"

#include <gtest/gtest.h>

namespace gatepost::dns {
namespace {

using std::chrono::seconds;
using tests::Bytes;
using tests::MessageBuilder;
using tests::soa;
using tests::txt;
using tests::wire_name;

DomainName name(std::string_view text) {
    return DomainName::parse(text).value();
}

Query question(std::string_view text, RrType type) {
    Query query;
    query.id = 7;
    query.name = name(text);
    query.type = type;
    return query;
}

MessageBuilder reply(unsigned flags = tests::response_flags, RrType type = RrType::txt) {
    return MessageBuilder(7, flags, "a.example", type);
}

constexpr unsigned nx_domain_flags = 0x8183;
constexpr unsigned referral_flags = 0x8100;

struct Case {
    std::string_view what;
    Bytes message;
    Reply::Kind kind;
    Outcome outcome = Outcome::temp_error;
    std::size_t records = 0;
    seconds ttl{0};
    std::string detail = {};
    std::string continue_at = {};
};

TEST(ReplyReader, believes_what_belongs_to_the_question) {
    const auto alias = [](MessageBuilder message, std::string_view from, std::string_view to,
                          std::uint32_t ttl) {
        return message.answer(from, RrType::cname, ttl, wire_name(to));
    };
    const auto redirect = [](MessageBuilder message, std::string_view from, std::string_view to,
                             std::uint32_t ttl) {
        return message.add(Section::answer, from, 39, ttl, wire_name(to));
    };
    std::string long_name = "test";
    while (long_name.size() < 252)
        long_name.insert(0, long_name.size() < 240 ? "0123456789." : "x.");
    using Kind = Reply::Kind;
    const Case cases[] = {
        {"the RRset; the smallest TTL (RFC 2181 §5.2)",
         reply()
             .answer("a.example", RrType::txt, 60, txt("x"))
             .answer("A.EXAMPLE", RrType::txt, 30, txt("y"))
             .octets(),
         Kind::answer, Outcome::success, 2, seconds(30)},
        {"another owner's record is passed over",
         reply().answer("b.example", RrType::txt, 60, txt("x")).octets(), Kind::answer, Outcome::no_data},
        {"another class is passed over",
         reply().add(Section::answer, "a.example", 16, 60, txt("x"), 3).octets(), Kind::answer,
         Outcome::no_data},
        {"the additional section is passed over",
         reply().add(Section::additional, "a.example", 16, 60, txt("x")).octets(), Kind::answer,
         Outcome::no_data},
        {"CNAME chain, RFC 1034 §3.6.2; its smallest TTL",
         alias(alias(reply(), "a.example", "b.example", 20), "b.example", "c.test", 60)
             .answer("c.test", RrType::txt, 60, txt("x"))
             .octets(),
         Kind::answer, Outcome::success, 1, seconds(20)},
        {"a chain that ends in nothing proven is asked on, RFC 6604 §3",
         alias(reply(), "a.example", "b.test", 20).octets(), Kind::answer, Outcome::no_data, 0, seconds(20),
         "", "b.test"},
        {"an SOA above the alias does not speak for its target",
         alias(reply(), "a.example", "b.test", 20).authority("example", RrType::soa, 60, soa(5)).octets(),
         Kind::answer, Outcome::no_data, 0, seconds(20), "", "b.test"},
        {"an SOA above the target does",
         alias(reply(), "a.example", "b.test", 20).authority("test", RrType::soa, 60, soa(5)).octets(),
         Kind::answer, Outcome::no_data, 0, seconds(5)},
        {"a loop ends",
         alias(alias(reply(), "a.example", "b.example", 20), "b.example", "a.example", 20).octets(),
         Kind::failure, Outcome::temp_error, 0, seconds(0), "CNAME chain too long, or a loop"},
        {"a DNAME is followed without its CNAME, RFC 6672 §3.4",
         redirect(reply(), "example", "test", 20).answer("a.test", RrType::txt, 60, txt("x")).octets(),
         Kind::answer, Outcome::success, 1, seconds(20)},
        {"and with it; the DNAME's TTL counts, as old servers gave the CNAME none",
         alias(redirect(reply(), "example", "test", 20), "a.example", "a.test", 0)
             .answer("a.test", RrType::txt, 60, txt("x"))
             .octets(),
         Kind::answer, Outcome::success, 1, seconds(20)},
        {"a CNAME that says otherwise spoils it",
         alias(redirect(reply(), "example", "test", 20), "a.example", "a.evil.test", 20)
             .answer("a.evil.test", RrType::txt, 60, txt("x"))
             .octets(),
         Kind::malformed, Outcome::temp_error, 0, seconds(0),
         "malformed reply: a CNAME that contradicts its DNAME"},
        {"a DNAME of the root",
         redirect(reply(), "", "test", 20).answer("a.example.test", RrType::txt, 60, txt("x")).octets(),
         Kind::malformed, Outcome::temp_error, 0, seconds(0),
         "malformed reply: a DNAME that leads below itself"},
        {"a DNAME to the root",
         redirect(reply(), "example", "", 20).answer("a", RrType::txt, 60, txt("x")).octets(), Kind::answer,
         Outcome::success, 1, seconds(20)},
        {"a DNAME of the name itself redirects what is below, not the name, RFC 6672 §2.3",
         redirect(reply(), "a.example", "test", 20).octets(), Kind::answer, Outcome::no_data},
        {"a DNAME of elsewhere is passed over", redirect(reply(), "b.test", "test", 20).octets(),
         Kind::answer, Outcome::no_data},
        {"a DNAME chain whose end was not told is asked on",
         redirect(reply(), "example", "test", 20).octets(), Kind::answer, Outcome::no_data, 0, seconds(20),
         "", "a.test"},
        {"a DNAME into itself ends, RFC 6672 §2.2", redirect(reply(), "example", "c.example", 20).octets(),
         Kind::malformed, Outcome::temp_error, 0, seconds(0),
         "malformed reply: a DNAME that leads below itself"},
        {"two DNAMEs in a circle end",
         redirect(redirect(reply(), "example", "test", 20), "test", "example", 20).octets(), Kind::failure,
         Outcome::temp_error, 0, seconds(0), "CNAME chain too long, or a loop"},
        {"a DNAME to a name that becomes too long", redirect(reply(), "example", long_name, 20).octets(),
         Kind::malformed, Outcome::temp_error, 0, seconds(0),
         "malformed reply: DNAME to a name that is too long"},
        {"a broken DNAME", reply().add(Section::answer, "example", 39, 20, Bytes{3, 'a'}).octets(),
         Kind::malformed, Outcome::temp_error, 0, seconds(0), "malformed reply: broken DNAME"},
        {"YXDOMAIN, RFC 6672 §2.2", reply(0x8186).octets(), Kind::failure, Outcome::temp_error, 0, seconds(0),
         "YXDOMAIN"},
        {"BADCOOKIE, RFC 7873 §8", reply(0x8187).opt(Bytes(16, 1), 1).octets(), Kind::bad_cookie,
         Outcome::temp_error, 0, seconds(0), "BADCOOKIE"},
        {"NODATA lives by MINIMUM, RFC 2308 §5",
         reply().authority("example", RrType::soa, 600, soa(90)).octets(), Kind::answer, Outcome::no_data, 0,
         seconds(90)},
        {"or by the SOA's TTL", reply().authority("example", RrType::soa, 50, soa(90)).octets(), Kind::answer,
         Outcome::no_data, 0, seconds(50)},
        {"an SOA of elsewhere does not count", reply().authority("b.test", RrType::soa, 50, soa(90)).octets(),
         Kind::answer, Outcome::no_data, 0, seconds(0)},
        {"NXDOMAIN", reply(nx_domain_flags).authority("example", RrType::soa, 600, soa(90)).octets(),
         Kind::answer, Outcome::nx_domain, 0, seconds(90)},
        {"NXDOMAIN of the target, RFC 6604 §2",
         alias(reply(nx_domain_flags), "a.example", "b.test", 20)
             .authority("test", RrType::soa, 600, soa(90))
             .octets(),
         Kind::answer, Outcome::nx_domain, 0, seconds(20)},
        {"NXDOMAIN with the record",
         reply(nx_domain_flags).answer("a.example", RrType::txt, 60, txt("x")).octets(), Kind::malformed,
         Outcome::temp_error, 0, seconds(0), "malformed reply: NXDOMAIN with records"},
        {"a referral is no absence, RFC 2308 §2.2",
         reply(referral_flags).authority("example", RrType::ns, 600, wire_name("ns.example")).octets(),
         Kind::failure, Outcome::temp_error, 0, seconds(0), "referral instead of an answer"},
        {"TTL with the top bit, RFC 2181 §8",
         reply().answer("a.example", RrType::txt, 0x80000001U, txt("x")).octets(), Kind::answer,
         Outcome::success, 1, seconds(0)},
        {"TC: nothing is read, RFC 2181 §9",
         reply(tests::truncated_flags).answer("a.example", RrType::txt, 60, txt("x")).octets(),
         Kind::truncated, Outcome::temp_error, 0, seconds(0), "truncated"},
        {"SERVFAIL", reply(0x8182).octets(), Kind::failure, Outcome::temp_error, 0, seconds(0), "SERVFAIL"},
        {"REFUSED", reply(0x8185).octets(), Kind::failure, Outcome::temp_error, 0, seconds(0), "REFUSED"},
        {"FORMERR, RFC 6891 §7", reply(0x8181).octets(), Kind::format_error, Outcome::temp_error, 0,
         seconds(0), "FORMERR"},
        {"BADVERS in OPT, RFC 6891 §6.1.3",
         reply().add(Section::additional, "", 41, 0x01000000U, {}, 1232).octets(), Kind::format_error,
         Outcome::temp_error, 0, seconds(0), "BADVERS"},
        {"an unknown RCODE", reply(0x818b).octets(), Kind::failure, Outcome::temp_error, 0, seconds(0),
         "RCODE 11"},
        {"a broken string", reply().answer("a.example", RrType::txt, 60, Bytes{9, 'x'}).octets(),
         Kind::malformed, Outcome::temp_error, 0, seconds(0), "malformed reply: broken RDATA"},
        {"a broken record of another owner does no harm",
         reply()
             .answer("a.example", RrType::txt, 60, txt("x"))
             .answer("b.test", RrType::a, 60, Bytes{1})
             .octets(),
         Kind::answer, Outcome::success, 1, seconds(60)},
        {"a CNAME beyond its RDATA",
         reply().answer("a.example", RrType::cname, 60, Bytes{1, 'b', 0, 'z'}).octets(), Kind::malformed,
         Outcome::temp_error, 0, seconds(0), "malformed reply: broken CNAME"},
    };
    for (const Case& c : cases) {
        const Reply got = read_reply(c.message, question("a.example", RrType::txt));
        EXPECT_EQ(got.kind, c.kind) << c.what;
        EXPECT_EQ(got.detail, c.detail) << c.what;
        EXPECT_EQ(got.answer.outcome, c.outcome) << c.what;
        EXPECT_EQ(got.answer.records.size(), c.records) << c.what;
        EXPECT_EQ(got.answer.ttl, c.ttl) << c.what;
        EXPECT_EQ(got.continue_at ? got.continue_at->text() : "", c.continue_at) << c.what;
    }
}

// RFC 8020 §2: behind an alias the NXDOMAIN is of the target, and says nothing of what is below the name.
TEST(ReplyReader, tells_whether_an_alias_led_away) {
    auto alias_only = reply(nx_domain_flags);
    alias_only.answer("a.example", RrType::cname, 20, wire_name("b.test"));
    EXPECT_TRUE(read_reply(alias_only.octets(), question("a.example", RrType::txt)).answer.aliased);
    EXPECT_FALSE(read_reply(alias_only.octets(), question("a.example", RrType::cname)).answer.aliased);
    EXPECT_FALSE(
        read_reply(reply(nx_domain_flags).octets(), question("a.example", RrType::txt)).answer.aliased);
}

// The AD bit is kept where it was asked for (RFC 6840 §5.7).
TEST(ReplyReader, keeps_the_ad_bit_where_it_was_asked_for) {
    for (const bool asked : {false, true}) {
        Query query = question("a.example", RrType::txt);
        query.authentic_data = asked;
        for (const unsigned flags : {0x8180U, 0x81a0U}) {
            const Reply got =
                read_reply(reply(flags).answer("a.example", RrType::txt, 60, txt("x")).octets(), query);
            EXPECT_EQ(got.answer.authentic_data, asked && flags == 0x81a0U);
        }
    }
}

TEST(ReplyReader, reads_options) {
    const Bytes client(8, 1);
    struct OptionsCase {
        std::string_view what;
        Bytes message;
        bool edns;
        bool broken;
        std::size_t cookie;  // octets
    };
    const auto two = [&](MessageBuilder message) {
        return message.opt().opt();
    };
    const OptionsCase cases[] = {
        {"no OPT", reply().octets(), false, false, 0},
        {"OPT", reply().opt().octets(), true, false, 0},
        {"a client cookie", reply().opt(client).octets(), true, false, 8},
        {"both parts", reply().opt(Bytes(24, 1)).octets(), true, false, 24},
        {"the longest", reply().opt(Bytes(40, 1)).octets(), true, false, 40},
        {"too short, RFC 7873 §4", reply().opt(Bytes(7, 1)).octets(), true, true, 0},
        {"a server part that is too short", reply().opt(Bytes(15, 1)).octets(), true, true, 0},
        {"too long", reply().opt(Bytes(41, 1)).octets(), true, true, 0},
        {"two OPT records, RFC 6891 §6.1.1", two(reply()).octets(), true, true, 0},
        {"OPT not at the root", reply().add(Section::additional, "a", 41, 0, {}, 1232).octets(), true, true,
         0},
        {"an option beyond the record",
         reply().add(Section::additional, "", 41, 0, Bytes{0, 10, 0, 9, 1}, 1232).octets(), true, true, 0},
        {"other options are passed over",
         reply()
             .add(Section::additional, "", 41, 0, Bytes{0, 3, 0, 1, 'x', 0, 10, 0, 8, 1, 1, 1, 1, 1, 1, 1, 1},
                  1232)
             .octets(),
         true, false, 8},
    };
    for (const OptionsCase& c : cases) {
        const ReplyOptions got = read_reply(c.message, question("a.example", RrType::txt)).options;
        EXPECT_EQ(got.edns, c.edns) << c.what;
        EXPECT_EQ(got.broken, c.broken) << c.what;
        EXPECT_EQ(got.cookie ? got.cookie->octets().size() : 0, c.cookie) << c.what;
    }
}

// What we ask, read back.
TEST(ReplyReader, queries_carry_what_they_should) {
    for (const bool edns : {false, true}) {
        for (const std::size_t cookie : {0U, 8U, 24U, 40U}) {
            Query query = question("a.example", RrType::txt);
            query.edns = edns;
            query.spelling = "A.eXample";
            query.authentic_data = cookie == 8;
            if (cookie > 0) query.cookie = Cookie::read(Bytes(cookie, 7));
            const Bytes octets = encode_query(query);
            const auto records = read_records(octets);
            ASSERT_TRUE(records);
            const ReplyOptions options = read_options(octets, *records);
            EXPECT_EQ(options.edns, edns);
            EXPECT_FALSE(options.broken);
            EXPECT_EQ(options.cookie, edns ? query.cookie : std::nullopt);
            EXPECT_EQ(read_header(octets)->authentic_data, query.authentic_data);
            EXPECT_EQ(std::string(octets.begin() + 12, octets.begin() + 23),
                      std::string("\1A\7eXample\0", 11));
        }
    }
}

// An RRset beyond all measure is a failure: a part of it would be another answer.
TEST(ReplyReader, bounds_an_rrset) {
    for (const int count : {1024, 1025}) {
        MessageBuilder message = reply();
        for (int i = 0; i < count; ++i)
            message.answer("a.example", RrType::txt, 60, txt("x"));
        Bytes octets = message.octets();
        octets[6] = static_cast<std::uint8_t>(count >> 8);
        octets[7] = static_cast<std::uint8_t>(count);
        const Reply got = read_reply(octets, question("a.example", RrType::txt));
        EXPECT_EQ(got.kind, count == 1024 ? Reply::Kind::answer : Reply::Kind::malformed);
        EXPECT_EQ(got.detail, count == 1024 ? "" : "malformed reply: too large an RRset");
    }
}

struct DataCase {
    RrType type;
    Bytes data;
    std::optional<RecordData> want;  // none: a malformed reply
};

TEST(ReplyReader, decodes_record_data) {
    Bytes mx{0, 10};
    const Bytes exchange = wire_name("mx.example");
    mx.insert(mx.end(), exchange.begin(), exchange.end());
    Bytes strings = txt("v=spf1 ");
    const Bytes second = txt("-all");
    strings.insert(strings.end(), second.begin(), second.end());
    const DataCase cases[] = {
        {RrType::a, {192, 0, 2, 1}, *IpAddress::parse("192.0.2.1")},
        {RrType::a, {192, 0, 2}, {}},
        {RrType::aaaa,
         {0x20, 1, 13, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
         *IpAddress::parse("2001:db8::1")},
        {RrType::aaaa, {1, 2, 3, 4}, {}},
        {RrType::mx, mx, MxData{10, name("mx.example")}},
        {RrType::mx, {0, 0, 0}, MxData{0, DomainName()}},  // RFC 7505 §3
        {RrType::mx, {0}, {}},
        {RrType::mx, {0, 1}, {}},
        {RrType::txt, strings, std::string("v=spf1 -all")},  // RFC 7208 §3.3
        {RrType::txt, {0}, std::string()},
        {RrType::txt, {}, {}},
        {RrType::ptr, wire_name("host.example"), name("host.example")},
        {RrType::ns, wire_name("ns.example"), name("ns.example")},
        {RrType::ns, {}, {}},
        {RrType::cname, wire_name("b.example"), name("b.example")},
    };
    for (const DataCase& c : cases) {
        const Bytes message =
            reply(tests::response_flags, c.type).answer("a.example", c.type, 60, c.data).octets();
        const Reply got = read_reply(message, question("a.example", c.type));
        ASSERT_EQ(got.kind, c.want ? Reply::Kind::answer : Reply::Kind::malformed) << to_string(c.type);
        if (!c.want) continue;
        ASSERT_EQ(got.answer.records.size(), 1U) << to_string(c.type);
        EXPECT_EQ(got.answer.records[0], *c.want) << to_string(c.type);
    }
}

TEST(WireCodec, builds_queries_from_labels) {
    Query query = question("_dmarc.example", RrType::txt);
    const Bytes octets = encode_query(query);
    EXPECT_EQ(Bytes(octets.begin(), octets.begin() + 12), (Bytes{0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1}));
    const auto asked = read_question(octets);
    ASSERT_TRUE(asked);
    EXPECT_EQ(asked->name, query.name);
    EXPECT_EQ(asked->type, 16U);
    const auto records = read_records(octets);
    ASSERT_TRUE(records);
    ASSERT_EQ(records->size(), 1U);
    EXPECT_EQ(records->front().type, 41U);
    EXPECT_EQ(records->front().record_class, edns_udp_octets);

    query.edns = false;
    EXPECT_EQ(encode_query(query).size(), octets.size() - 11);
    query.name = DomainName();
    EXPECT_EQ(encode_query(query).size(), 12U + 5U);
    // Octets that zone-file syntax would read otherwise go as they are.
    query.name = name("a\\b@(\"\xff.example");
    EXPECT_EQ(read_question(encode_query(query))->name, query.name);
}

}  // namespace
}  // namespace gatepost::dns
