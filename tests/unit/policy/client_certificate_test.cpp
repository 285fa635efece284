#include "policy/client_certificate.hpp"

#include "policy/condition.hpp"

#include <gtest/gtest.h>

namespace gatepost::policy {
namespace {

using namespace std::string_literals;

TEST(DistinguishedName, reads_and_writes) {
    struct Case {
        std::string_view given;
        std::string_view written;  // empty: refused
    };
    for (const Case& c : std::initializer_list<Case>{
             // RFC 4514 §4
             {"UID=jsmith,DC=example,DC=net", "UID=jsmith,DC=example,DC=net"},
             {"OU=Sales+CN=J.  Smith,DC=example,DC=net", "OU=Sales+CN=J.  Smith,DC=example,DC=net"},
             {"CN=James \\\"Jim\\\" Smith\\, III,DC=example", "CN=James \\\"Jim\\\" Smith\\, III,DC=example"},
             {"CN=Lu\\C4\\8Di\\C4\\87", "CN=Lu\xC4\x8Di\xC4\x87"},
             {"1.3.6.1.4.1.1466.0=x", "1.3.6.1.4.1.1466.0=x"},
             // §3: short names without case, and the same types as OIDs
             {"cn=a,o=b", "CN=a,O=b"},
             {"2.5.4.3=a", "CN=a"},
             // What people write: blanks around separators are not of the values.
             {"CN = a , O = b c ", "CN=a,O=b c"},
             {"CN=\\ a\\ ", "CN=\\ a\\ "},
             {"CN=\\#a\\=b", "CN=\\#a=b"},
             {"CN=a=b", "CN=a=b"},
             {"CN=\\00", "CN=\\00"},
             {"", ""},
             {"cron.example.com", ""},
             {"CN=", ""},
             {"CN=a,", ""},
             {"CN=a,,O=b", ""},
             {"XX=a", ""},
             {"1.2.=a", ""},
             {"7=a", ""},
             {"CN=#0401FF", ""},
             {"CN=a\\", ""},
             {"CN=a\\x", ""},
             {"CN=a\\4", ""},
             {"CN=a<b", ""},
             {"CN=a;O=b", ""},
             {"CN=\"a\"", ""},
         }) {
        const auto name = DistinguishedName::parse(c.given);
        EXPECT_EQ(name.has_value(), !c.written.empty()) << c.given;
        if (!name) continue;
        EXPECT_EQ(name->text(), c.written) << c.given;
        EXPECT_EQ(DistinguishedName::parse(name->text()), name) << c.given;
    }
}

TEST(DistinguishedName, compares_whole) {
    const auto name = DistinguishedName::parse("OU=a+CN=b,O=c").value();
    EXPECT_EQ(DistinguishedName::parse("CN=b+OU=a,O=c"), name);  // a relative name is a set
    for (const std::string_view other :
         {"CN=b,OU=a,O=c", "OU=a+CN=b", "O=c,OU=a+CN=b", "OU=a+CN=B,O=c", "OU=a+CN=b,O=c,C=d"})
        EXPECT_NE(DistinguishedName::parse(other), name) << other;
}

ClientCertificate certificate() {
    ClientCertificate made;
    made.subject = DistinguishedName::parse("CN=cron,O=Example").value();
    made.dns_names = {"cron.example.com", "*.wild.example", "a.example\0.evil.example"s};
    made.mail_addresses = {"Cron@example.com"};
    made.uris = {"spiffe://example.com/cron"};
    made.sha256 = std::string(62, '0') + "af";
    return made;
}

TEST(ClientCertificatePattern, matches) {
    struct Case {
        std::string text;
        bool matches;
    };
    for (const Case& c : std::vector<Case>{
             {"CN=cron,O=Example", true},
             {"CN=cron", false},
             {"DNS:cron.example.com", true},
             {"dns:CRON.example.com", true},
             {"DNS:example.com", false},
             {"DNS:x.cron.example.com", false},
             {"DNS:a.wild.example", false},  // the operator names certificates, not hosts
             {"DNS:*.wild.example", true},
             {"DNS:a.example", false},
             {"email:Cron@EXAMPLE.com", true},
             {"email:cron@example.com", false},
             {"URI:spiffe://example.com/cron", true},
             {"URI:spiffe://example.com/", false},
             {"DNS:spiffe://example.com/cron", false},
             {std::string(62, '0') + "AF", true},
             {"sha256:" + std::string(62, '0') + "af", true},
             {std::string(62, '0') + ":af", true},
             {std::string(62, '0') + "ae", false},
         }) {
        const auto pattern = ClientCertificatePattern::parse(c.text);
        ASSERT_TRUE(pattern) << c.text;
        EXPECT_EQ(pattern->matches(certificate()), c.matches) << c.text;
    }
    for (const std::string& text : {""s, "cron.example.com"s, "DNS:"s, "ops@example.com"s,
                                    std::string(63, '0'), "SHA1:"s + std::string(64, '0')})
        EXPECT_FALSE(ClientCertificatePattern::parse(text)) << text;
}

// A subject of which a part is no text is empty, and must not equal a pattern of another kind, whose subject
// is empty, too.
TEST(ClientCertificatePattern, no_subject_matches_nothing) {
    const ClientCertificate nameless;
    for (const std::string_view text : {"CN=cron", "DNS:cron.example.com", "email:a@b.example", "URI:x"})
        EXPECT_FALSE(ClientCertificatePattern::parse(text)->matches(nameless)) << text;
}

TEST(Condition, tls_client_anchors) {
    Condition when;
    EXPECT_FALSE(when.is_anchored());
    when.tls_client = {ClientCertificatePattern::parse("CN=other").value(),
                       ClientCertificatePattern::parse("CN=cron,O=Example").value()};
    EXPECT_TRUE(when.is_anchored());
    Facts facts;
    const auth::Evidence evidence;
    EXPECT_FALSE(when.matches({facts, evidence}));  // no certificate, or none that was verified
    facts.tls_client = std::make_shared<ClientCertificate>(certificate());
    EXPECT_TRUE(when.matches({facts, evidence}));
    when.client_ip = {dns::IpNetwork::parse("10.0.0.0/8").value()};
    EXPECT_FALSE(when.matches({facts, evidence}));
}

}  // namespace
}  // namespace gatepost::policy
