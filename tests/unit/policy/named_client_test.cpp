#include "policy/exemption.hpp"

#include <gtest/gtest.h>

namespace gatepost::policy {
namespace {

using namespace std::chrono_literals;

// Own and exempted clients, to whom the bounds on strangers do not apply.
TEST(NamedClient, is_one_whose_address_or_certificate_the_operator_wrote_down) {
    Facts facts;
    facts.client_ip = dns::IpAddress::parse("10.20.3.7").value();
    facts.mail_from = "root@db1.example.com";
    facts.today = std::chrono::sys_days(2026y / 11 / 24);
    const auto network = [](const char* text) {
        return dns::IpNetwork::parse(text).value();
    };
    EXPECT_FALSE(is_named_client({}, {}, facts));
    EXPECT_TRUE(is_named_client({}, {network("10.20.0.0/16")}, facts));
    EXPECT_FALSE(is_named_client({}, {network("10.30.0.0/16")}, facts));

    Exemption exemption;
    exemption.allow = {Forgiven::dmarc};
    exemption.when.client_ip = {network("10.20.3.7")};
    exemption.when.author_domain = {DomainPattern::parse("example.com").value()};
    EXPECT_TRUE(is_named_client({exemption}, {}, facts)) << "whatever it forgives, and to which author";
    exemption.when.mail_from = {"backup@*"};
    EXPECT_FALSE(is_named_client({exemption}, {}, facts));
    exemption.when.mail_from = {"root@*"};
    EXPECT_TRUE(is_named_client({exemption}, {}, facts));
    exemption.expires = 2026y / 11 / 23;
    EXPECT_FALSE(is_named_client({exemption}, {}, facts)) << "it has expired";
    exemption.expires.reset();
    Facts hidden = facts;
    hidden.client_hidden = true;
    EXPECT_FALSE(is_named_client({exemption}, {network("10.20.0.0/16")}, hidden))
        << "the address is a gateway's";

    Exemption of_sealer;
    of_sealer.allow = {Forgiven::dmarc};
    of_sealer.when.arc_sealer = {dns::DomainName::parse("lists.example").value()};
    EXPECT_FALSE(is_named_client({of_sealer}, {}, facts)) << "anybody may hand on a list's mail";
    Exemption of_envelope;
    of_envelope.when.mail_from = {"root@*"};
    EXPECT_FALSE(is_named_client({of_envelope}, {}, facts)) << "anybody may write that";
}

}  // namespace
}  // namespace gatepost::policy
