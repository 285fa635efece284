#include "policy/address_form.hpp"

#include <gtest/gtest.h>

namespace gatepost::policy {
namespace {

using namespace std::chrono_literals;

constexpr const char* nobody = "(nobody)";

struct AddressForm : testing::Test {
    AddressForm() {
        facts.client_ip = dns::IpAddress::parse("10.20.3.7").value();
        facts.helo = "db1";
        facts.mail_from = "root@db1.example.com";
        facts.today = std::chrono::sys_days(2026y / 11 / 24);
        exemption.id = "old";
        exemption.when.client_ip = {dns::IpNetwork::parse("10.20.3.7").value()};
        exemption.allow = {Forgiven::bare_path};
    }
    std::string by(Forgiven what) {
        settings.exemptions = {exemption};
        return address_form_forgiven_by(what, facts, settings).value_or(nobody);
    }

    Facts facts;
    Settings settings;
    Exemption exemption;
};

TEST_F(AddressForm, is_forgiven_by_the_exemption_that_allows_it) {
    EXPECT_EQ(by(Forgiven::bare_path), "old");
    EXPECT_EQ(by(Forgiven::unqualified), nobody);
    exemption.allow = {Forgiven::dmarc, Forgiven::unqualified};
    EXPECT_EQ(by(Forgiven::bare_path), nobody);
    EXPECT_EQ(by(Forgiven::unqualified), "old");
    exemption.when.mail_from = {"root@*"};
    exemption.when.helo = {"db?"};
    EXPECT_EQ(by(Forgiven::unqualified), "old");
    facts.mail_from = "admin@db1.example.com";
    EXPECT_EQ(by(Forgiven::unqualified), nobody);
}

TEST_F(AddressForm, is_forgiven_to_own_networks_and_to_no_hidden_client) {
    settings.own_networks = {dns::IpNetwork::parse("10.20.0.0/16").value()};
    EXPECT_EQ(by(Forgiven::bare_path), "");
    EXPECT_EQ(by(Forgiven::unqualified), "");
    facts.client_hidden = true;
    EXPECT_EQ(by(Forgiven::bare_path), nobody) << "client_ip of exemptions neither";
    EXPECT_EQ(by(Forgiven::unqualified), nobody);
    facts.client_hidden = false;
    facts.client_ip = dns::IpAddress::parse("10.21.3.7").value();
    EXPECT_EQ(by(Forgiven::bare_path), nobody);
}

// The loader refuses such exemptions; if one came, it would forgive nothing before its message is there.
TEST_F(AddressForm, waits_for_no_message) {
    exemption.when.author_domain = {*DomainPattern::parse("example.com")};
    EXPECT_EQ(by(Forgiven::bare_path), nobody);
    exemption.when.author_domain.clear();
    exemption.expires = 2026y / 11 / 23;
    EXPECT_EQ(by(Forgiven::bare_path), nobody) << "expired";
}

}  // namespace
}  // namespace gatepost::policy
