#include "tests/support/run.hpp"

#include "auth/spf/check_host.hpp"

#include "dns/zone_resolver.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gatepost::auth::spf {
namespace {

dns::DomainName name(std::string_view text) {
    return dns::DomainName::parse(text).value();
}

dns::IpAddress address(std::string_view text) {
    return dns::IpAddress::parse(text).value();
}

class Zone {
  public:
    Zone& txt(std::string_view owner, std::string text) {
        zone.add(name(owner), dns::RrType::txt, std::move(text));
        return *this;
    }
    Zone& a(std::string_view owner, std::string_view text) {
        const dns::IpAddress data = address(text);
        zone.add(name(owner), data.is_v4() ? dns::RrType::a : dns::RrType::aaaa, data);
        return *this;
    }
    Zone& mx(std::string_view owner, std::uint16_t preference, std::string_view exchange) {
        dns::MxData data;
        data.preference = preference;
        data.exchange = exchange.empty() ? dns::DomainName() : name(exchange);
        zone.add(name(owner), dns::RrType::mx, data);
        return *this;
    }
    Zone& ptr(std::string_view client, std::string_view target) {
        zone.add(address(client).reverse_name(), dns::RrType::ptr, name(target));
        return *this;
    }
    Zone& fails(const dns::DomainName& owner, dns::RrType type) {
        zone.add_failure(owner, type, "timeout");
        return *this;
    }

    Check mail_from(std::string mail_from, std::string_view client = "192.0.2.1",
                    std::string helo = "mail.example.org", Limits limits = Limits()) {
        Request request(address(client), std::move(helo), std::move(mail_from), "mx1.example.net",
                        std::chrono::system_clock::from_time_t(1700000000));
        return tests::run(check_mail_from(std::move(request), zone, limits));
    }
    Check helo(std::string helo) {
        Request request(address("192.0.2.1"), std::move(helo), "user@example.org", "mx1.example.net",
                        std::chrono::system_clock::from_time_t(1700000000));
        return tests::run(check_helo(std::move(request), zone, Limits()));
    }

    dns::ZoneResolver zone;
};

struct IdentityCase {
    std::string mail_from;
    std::string helo;
    Result result;
    std::string_view domain;  // empty: none
    const char* section;
};

TEST(SpfCheckHost, takes_the_identity_apart) {
    const IdentityCase cases[] = {
        {"user@example.org", "h.example", Result::pass, "example.org", "2.4"},
        {"user@EXAMPLE.org.", "h.example", Result::pass, "example.org", "4.3"},
        {"\"a@b\"@example.org", "h.example", Result::pass, "example.org", "2.4"},
        {"@example.org", "h.example", Result::pass, "example.org", "4.3"},
        {"", "example.org", Result::pass, "example.org", "2.4"},
        {"", "helo", Result::none, "", "4.3"},
        {"", "[192.0.2.1]", Result::none, "", "2.3"},
        {"", "192.0.2.1", Result::none, "", "2.3"},
        {"", "192.0.2.1.", Result::none, "", "2.3"},
        {"", "", Result::none, "", "2.3"},
        {"",
         "b\xc3\xbc"
         "cher.example",
         Result::none, "", "RFC 8616 4"},
        {"user@b\xc3\xbc"
         "cher.example",
         "h.example", Result::fail, "xn--bcher-kva.example", "RFC 8616 4"},
        {"user@[192.0.2.1]", "h.example", Result::none, "", "4.3"},
        {"user@localhost", "h.example", Result::none, "", "4.3"},
        {"user@a..example", "h.example", Result::none, "", "4.3"},
        {"user@", "h.example", Result::none, "", "4.3"},
        {"user@a b.example", "h.example", Result::none, "", "4.3"},
        {"user@a;b.example", "h.example", Result::none, "", "4.3"},
        {"user@" + std::string(64, 'a') + ".example", "h.example", Result::none, "", "4.3"},
        {std::string(5000, 'a') + "@example.org", "h.example", Result::none, "", "local"},
        {"user@nothing.example", "h.example", Result::none, "nothing.example", "4.3"},
    };
    for (const IdentityCase& entry : cases) {
        Zone zone;
        zone.txt("example.org", "v=spf1 +all").txt("xn--bcher-kva.example", "v=spf1 -all");
        const Check check = zone.mail_from(entry.mail_from, "192.0.2.1", entry.helo);
        EXPECT_EQ(check.result, entry.result)
            << entry.mail_from << ' ' << entry.helo << " §" << entry.section;
        EXPECT_EQ(check.domain ? check.domain->text() : "", entry.domain) << entry.mail_from;
        EXPECT_EQ(check.scope, Scope::mailfrom);
        EXPECT_EQ(zone.zone.questions().empty(), !check.domain) << entry.mail_from;
    }
}

// RFC 7208 §2.3: the HELO identity is a check of its own, with postmaster for the local part.
TEST(SpfCheckHost, checks_helo_on_its_own) {
    Zone zone;
    zone.txt("mail.example.org", "v=spf1 exists:%{l}.%{o}.%{h} -all");
    zone.a("postmaster.mail.example.org.mail.example.org", "127.0.0.2").txt("example.org", "v=spf1 -all");
    const Check check = zone.helo("mail.example.org");
    EXPECT_EQ(check.result, Result::pass);
    EXPECT_EQ(check.scope, Scope::helo);
    EXPECT_EQ(check.domain->text(), "mail.example.org");
}

struct MechanismCase {
    std::string_view client;
    Result result;
    std::string_view mechanism;
    unsigned lookups;
    unsigned void_lookups;
};

TEST(SpfCheckHost, tells_what_matched_and_what_it_took) {
    constexpr MechanismCase cases[] = {
        {"192.0.2.1", Result::pass, "IP4:192.0.2.0/30", 0, 0},
        {"192.0.2.4", Result::softfail, "~a:%{d}", 1, 0},
        {"192.0.2.5", Result::pass, "+mx", 2, 0},
        {"192.0.2.6", Result::neutral, "?include:i.example", 4, 1},
        {"192.0.2.7", Result::fail, "-all", 6, 2},
    };
    for (const MechanismCase& entry : cases) {
        Zone zone;
        zone.txt("example.org",
                 "v=spf1 IP4:192.0.2.0/30 ~a:%{d} +mx ?include:i.example a:gone.example redirect=r.example");
        zone.a("example.org", "192.0.2.4").mx("example.org", 10, "mx.example.org");
        zone.a("mx.example.org", "192.0.2.5");
        zone.txt("i.example", "v=spf1 a:void.example ip4:192.0.2.6");
        zone.txt("r.example", "v=spf1 -all");
        const Check check = zone.mail_from("user@example.org", entry.client);
        EXPECT_EQ(check.result, entry.result) << entry.client << ' ' << check.reason;
        EXPECT_EQ(check.mechanism, entry.mechanism);
        EXPECT_EQ(check.lookups, entry.lookups) << entry.client;
        EXPECT_EQ(check.void_lookups, entry.void_lookups) << entry.client;
        EXPECT_EQ(check.reason, "");
    }
}

struct LimitCase {
    const char* what;
    std::string record;
    std::string_view client;
    Result result;
};

// RFC 7208 §4.6.4
TEST(SpfCheckHost, keeps_the_limits) {
    const LimitCase cases[] = {
        {"ten terms", "v=spf1 a a a a a a a a a a +all", "192.0.2.1", Result::pass},
        {"eleven terms", "v=spf1 a a a a a a a a a a a +all", "192.0.2.1", Result::permerror},
        {"redirect counts", "v=spf1 a a a a a a a a a a redirect=ok.example", "192.0.2.1", Result::permerror},
        {"exp does not", "v=spf1 a a a a a a a a a a -all exp=ok.example", "192.0.2.1", Result::fail},
        {"%{p} counts, once", "v=spf1 a a a a a a a -exists:%{p}.no.example +exists:%{p}.ok.example -all",
         "192.0.2.1", Result::pass},
        {"%{p} counts", "v=spf1 a a a a a a a a a exists:%{p}.ok.example +all", "192.0.2.1",
         Result::permerror},
        {"two void terms", "v=spf1 a:v1.example mx:v2.example +all", "192.0.2.1", Result::pass},
        {"three void terms", "v=spf1 a:v1.example mx:v2.example exists:v3.example +all", "192.0.2.1",
         Result::permerror},
        {"NODATA is void", "v=spf1 mx:ok.example mx:ok.example mx:ok.example +all", "192.0.2.1",
         Result::permerror},
        {"a term counts once: IPv4 exchanges of an IPv6 client",
         "v=spf1 mx:four.example ip6:2001:db8::1 -all", "2001:db8::1", Result::pass},
        {"ten exchanges", "v=spf1 mx:ten.example -all", "192.0.2.10", Result::pass},
        {"the eleventh exchange", "v=spf1 mx:eleven.example -all", "192.0.2.11", Result::permerror},
        {"a match before the eleventh", "v=spf1 mx:eleven.example -all", "192.0.2.10", Result::pass},
        {"a null MX has no address", "v=spf1 mx:null.example -all", "192.0.2.1", Result::fail},
        {"include loop", "v=spf1 include:example.org +all", "192.0.2.1", Result::permerror},
        {"redirect loop", "v=spf1 redirect=example.org", "192.0.2.1", Result::permerror},
    };
    for (const LimitCase& entry : cases) {
        Zone zone;
        zone.txt("example.org", entry.record).a("example.org", "203.0.113.1").a("example.org", "2001:db8::9");
        zone.txt("ok.example", "v=spf1 +all").a("ok.example", "203.0.113.1");
        zone.ptr("192.0.2.1", "c.example")
            .a("c.example", "192.0.2.1")
            .a("c.example.ok.example", "203.0.113.2");
        zone.mx("null.example", 0, "");
        for (std::uint16_t i = 1; i <= 11; ++i) {
            const std::string host = "m" + std::to_string(i) + ".example";
            zone.a(host, "192.0.2." + std::to_string(i));
            // Added from the last: the order is that of the preferences.
            zone.mx("eleven.example", i, host);
            if (i <= 10) zone.mx("ten.example", static_cast<std::uint16_t>(11 - i), host);
            if (i <= 4) zone.mx("four.example", i, host);
        }
        const Check check = zone.mail_from("user@example.org", entry.client);
        EXPECT_EQ(check.result, entry.result) << entry.what << ": " << check.reason;
        EXPECT_EQ(check.reason.empty(), entry.result != Result::permerror) << entry.what;
    }
}

// RFC 7208 §4.6.4, §5.5: a ptr term is void where the DNS has no PTR record, or no address of any name that
// the answer depends on. It counts each time it is evaluated, though nothing is asked a second time.
TEST(SpfCheckHost, counts_void_lookups_of_client_names) {
    struct Case {
        const char* what;
        std::string record;
        std::vector<std::string> names;  // of the client
        Result result;
        unsigned void_lookups;
    };
    const Case cases[] = {
        {"void_lookups_of_ptr",
         "v=spf1 ptr:spf.example exists:%{i}.ok.spf.example ?ptr:spf.example",
         {"nx.spf.example"},
         Result::permerror,
         3},
        {"two are borne",
         "v=spf1 ptr:spf.example ?ptr:spf.example -all",
         {"nx.spf.example"},
         Result::fail,
         2},
        {"no PTR record, thrice", "v=spf1 ptr ptr ptr +all", {}, Result::permerror, 3},
        {"an address of the other kind",
         "v=spf1 ptr:spf.example ptr:spf.example ptr:spf.example +all",
         {"six.spf.example"},
         Result::permerror,
         3},
        {"several names, none with an address",
         "v=spf1 ptr:spf.example ptr:spf.example ptr:spf.example +all",
         {"nx.spf.example", "nx2.spf.example"},
         Result::permerror,
         3},
        {"one of several has one, though another's",
         "v=spf1 ptr:spf.example ptr:spf.example ptr:spf.example -all",
         {"nx.spf.example", "other.spf.example"},
         Result::fail,
         0},
        {"a confirmed name beside one without an address",
         "v=spf1 a:v1.example a:v2.example ptr:spf.example -all",
         {"nx.spf.example", "c.spf.example"},
         Result::pass,
         2},
        {"names elsewhere are not asked",
         "v=spf1 ptr:other.example ptr:other.example ptr:other.example -all",
         {"nx.spf.example"},
         Result::fail,
         0},
        {"%{p}",
         "v=spf1 a:%{p}.e.example a:%{p}.e.example a:%{p}.e.example -all",
         {"nx.spf.example"},
         Result::permerror,
         3},
        {"a term with two kinds counts once",
         "v=spf1 ptr:%{p}.example exists:v.example -all",
         {},
         Result::fail,
         2},
    };
    for (const Case& entry : cases) {
        Zone zone;
        zone.txt("example.org", entry.record).a("six.spf.example", "2001:db8::1");
        zone.a("other.spf.example", "203.0.113.1").a("c.spf.example", "192.0.2.1");
        zone.a("unknown.e.example", "127.0.0.2");
        for (const std::string& text : entry.names)
            zone.ptr("192.0.2.1", text);
        const Check check = zone.mail_from("user@example.org");
        EXPECT_EQ(check.result, entry.result) << entry.what << ": " << check.reason;
        EXPECT_EQ(check.void_lookups, entry.void_lookups) << entry.what;
    }
}

struct ExplanationCase {
    const char* what;
    std::string record;
    std::string text;  // at x.example
    std::string expected;
};

// RFC 7208 §6.2
TEST(SpfCheckHost, explains_safely) {
    const ExplanationCase cases[] = {
        {"plain", "v=spf1 -all exp=x.example", "See http://%{d}/?s=%{S}&i=%{I}",
         "See http://example.org/?s=us%0Der%40example.org&i=192.0.2.1"},
        {"hostile values", "v=spf1 -all exp=x.example", "%{l}!%{h}!", "us?er!he?lo!"},
        {"own time and receiver", "v=spf1 -all exp=x.example", "%{r} %{t} %{c}",
         "mx1.example.net 1700000000 192.0.2.1"},
        {"%{p}", "v=spf1 -all exp=x.example", "%{p}", "c.example"},
        {"%{p} in exp=", "v=spf1 -all exp=%{p}.x.example", "", "by name"},
        {"bounded", "v=spf1 -all exp=x.example", std::string(1000, 'x'), std::string(320, 'x')},
        {"no control characters", "v=spf1 -all exp=x.example", "a\r\n250 ok", ""},
        {"not of softfail", "v=spf1 ~all exp=x.example", "text", ""},
        {"of the redirect's target", "v=spf1 redirect=r.example exp=other.example", "%{d}", "r.example"},
        {"not of an include", "v=spf1 -include:p.example exp=x.example", "%{d}", "example.org"},
        {"no name", "v=spf1 -all exp=%{d}..example", "text", ""},
    };
    for (const ExplanationCase& entry : cases) {
        Zone zone;
        zone.txt("example.org", entry.record).txt("x.example", entry.text);
        zone.txt("other.example", "wrong").txt("c.example.x.example", "by name");
        zone.txt("r.example", "v=spf1 -all exp=x.example").txt("p.example", "v=spf1 +all exp=other.example");
        zone.ptr("192.0.2.1", "c.example").a("c.example", "192.0.2.1");
        const Check check = zone.mail_from("us\rer@example.org", "192.0.2.1", "he\nlo");
        EXPECT_EQ(check.explanation, entry.expected) << entry.what;
    }
}

// RFC 8616 §4: terms with %{s} or %{l} match nothing where the local part is not ASCII.
TEST(SpfCheckHost, a_local_part_outside_ascii_matches_nothing) {
    struct Case {
        std::string record;
        Result result;
    };
    const Case cases[] = {
        {"v=spf1 +exists:%{l}.e.example -all", Result::fail},
        {"v=spf1 +exists:%{S}.e.example -all", Result::fail},
        {"v=spf1 +include:%{l1r-}.e.example -all", Result::fail},
        {"v=spf1 redirect=%{l}.e.example", Result::permerror},
        {"v=spf1 +exists:%{o}.e.example -all", Result::pass},
    };
    for (const Case& entry : cases) {
        Zone zone;
        zone.txt("example.org", entry.record).a("example.org.e.example", "127.0.0.2");
        zone.a("j\xc3\xbcrgen.e.example", "127.0.0.2").txt("j\xc3\xbcrgen.e.example", "v=spf1 +all");
        EXPECT_EQ(zone.mail_from("j\xc3\xbcrgen@example.org").result, entry.result) << entry.record;
    }
}

// RFC 7208 §5.5, §7.3: which names of the client are asked for, and which is taken.
TEST(SpfCheckHost, validates_client_names_sparingly) {
    Zone zone;
    zone.txt("example.org", "v=spf1 ptr:example.org ptr:example.org exists:%{p}.e.example -all");
    zone.ptr("192.0.2.1", "other.example").ptr("192.0.2.1", "bad-example.org");
    zone.ptr("192.0.2.1", "forged.example.org");
    zone.a("other.example", "192.0.2.1").a("bad-example.org", "192.0.2.1");
    zone.a("forged.example.org", "203.0.113.1").a("other.example.e.example", "127.0.0.2");
    EXPECT_EQ(zone.mail_from("user@example.org").result, Result::pass);
    // TXT, PTR, A of the one name below example.org; then %{p}: that name is refuted already, other.example.
    EXPECT_EQ(zone.zone.questions().size(), 5U);
}

struct DoubtCase {
    std::string record;
    Result result;
};

// §5.5 lets ptr fail unseen; where the lookup could have changed the result, we say temperror.
TEST(SpfCheckHost, failed_client_name_lookups_prove_nothing) {
    const DoubtCase cases[] = {
        {"v=spf1 ptr -all", Result::temperror},
        {"v=spf1 -ptr +all", Result::temperror},
        {"v=spf1 ptr +all", Result::pass},
        {"v=spf1 -ptr -all", Result::fail},
        {"v=spf1 ptr ~all", Result::temperror},  // a pass would be one for DMARC
        {"v=spf1 ~ptr ~all", Result::softfail},
        {"v=spf1 ptr", Result::temperror},
        {"v=spf1 ?ptr", Result::neutral},
        {"v=spf1 ptr include:void.example -all", Result::temperror},
        {"v=spf1 +ip4:192.0.2.1 ptr -all", Result::pass},
        {"v=spf1 include:p.example -all", Result::temperror},
        {"v=spf1 exists:%{p}.e.example -all", Result::temperror},
        {"v=spf1 a:v1.example a:v2.example ptr +all", Result::temperror},  // perhaps a third void term
        {"v=spf1 ptr ptr +all", Result::pass},
        {"v=spf1 ptr ptr ptr +all", Result::temperror},
        {"v=spf1 a:v1.example ptr ptr +all", Result::temperror},
    };
    for (const DoubtCase& entry : cases) {
        Zone zone;
        zone.txt("example.org", entry.record).txt("p.example", "v=spf1 ptr:example.org");
        zone.a("unknown.e.example", "127.0.0.2").a("e.example", "127.0.0.2");
        zone.fails(address("192.0.2.1").reverse_name(), dns::RrType::ptr);
        const Check check = zone.mail_from("user@example.org");
        EXPECT_EQ(check.result, entry.result) << entry.record;
        EXPECT_EQ(check.mechanism.empty(),
                  entry.result == Result::temperror || entry.result == Result::neutral)
            << entry.record;
    }
}

// Eleven records of 63 KB took 28 ms of one check, each time.
TEST(SpfCheckHost, records_of_one_check_are_bounded_together) {
    const auto record = [](std::string text, std::size_t octets) {
        while (text.size() + 12 <= octets)
            text += " ip4:1.1.1.1";
        return text + std::string(octets - text.size(), ' ');
    };
    // Seven records of `octets`, of which one is read twice, and the last.
    const auto check = [&](std::size_t octets, std::size_t last) {
        Zone zone;
        std::string first = "v=spf1";
        for (int i = 0; i < 6; ++i)
            first += " include:i" + std::to_string(i) + ".example";
        zone.txt("example.org", record(first + " include:i0.example redirect=last.example", octets));
        for (int i = 0; i < 6; ++i)
            zone.txt("i" + std::to_string(i) + ".example", record("v=spf1", octets));
        zone.txt("last.example", record("v=spf1 ip4:192.0.2.1", last));
        return zone.mail_from("user@example.org");
    };
    constexpr std::size_t eighth = (max_check_octets - 1024) / 8;
    const Check fits = check(eighth, 1024);
    EXPECT_EQ(fits.result, Result::pass) << fits.reason;
    const Check over = check(eighth, 1025);
    EXPECT_EQ(over.result, Result::permerror);
    EXPECT_EQ(over.reason.words(), "SPF records of more than 131072 octets in all");
    EXPECT_EQ(over.reason.detail(), "last.example");
}

TEST(SpfCheckHost, a_record_too_long_is_a_permerror) {
    std::string terms = "v=spf1 +all";
    for (std::size_t i = 0; i < max_record_terms; ++i)
        terms += " a";
    const struct {
        std::string text;
        std::string_view reason;
    } cases[] = {
        {"v=spf1 +all" + std::string(max_record_octets, ' '), "an SPF record of more than 16384 octets"},
        {terms, "an SPF record of more than 5000 terms"},
    };
    for (const auto& c : cases) {
        Zone zone;
        const Check check = zone.txt("example.org", c.text).mail_from("user@example.org");
        EXPECT_EQ(check.result, Result::permerror);
        EXPECT_EQ(check.reason.words(), c.reason);
        EXPECT_EQ(check.reason.detail(), "example.org");
    }
}

// As tools publish them that look up every include beforehand.
TEST(SpfCheckHost, flattened_records_of_400_terms_are_read) {
    std::string record = "v=spf1";
    for (int i = 0; i < 200; ++i)
        record += " ip4:198.51." + std::to_string(i) + ".0/24 ip6:2001:db8:" + std::to_string(i) + "::/48";
    Zone zone;
    zone.txt("example.org", record + " ~all");
    EXPECT_EQ(zone.mail_from("user@example.org", "198.51.199.255").mechanism, "ip4:198.51.199.0/24");
    EXPECT_EQ(zone.mail_from("user@example.org", "2001:db8:199:ffff::").mechanism, "ip6:2001:db8:199::/48");
    EXPECT_EQ(zone.mail_from("user@example.org", "198.51.200.0").mechanism, "~all");
    EXPECT_EQ(zone.mail_from("user@example.org", "2001:db8:200::").result, Result::softfail);
}

TEST(SpfCheckHost, an_explanation_is_bounded) {
    Zone zone;
    zone.txt("example.org", "v=spf1 -all exp=short.example").txt("short.example", std::string(4096, 'x'));
    zone.txt("example.net", "v=spf1 -all exp=long.example").txt("long.example", std::string(4097, 'x'));
    EXPECT_EQ(zone.mail_from("user@example.org").explanation, std::string(320, 'x'));
    EXPECT_EQ(zone.mail_from("user@example.net").explanation, "");
}

}  // namespace
}  // namespace gatepost::auth::spf
