// Every key of the configuration at a reload: it is applied, or named as waiting for a restart. A key that is
// not in the table fails the test, so that one added tomorrow is not forgotten: think of which it is, and see
// to it that an applied one is read from the snapshot in force (server/runtime.hpp).
#include "tests/support/temporary_folder.hpp"

#include "server/kept_settings.hpp"

#include "config/keys.hpp"
#include "config/load.hpp"

#include "auth/base64.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

namespace gatepost::server {
namespace {

constexpr std::chrono::sys_days today{std::chrono::year(2026) / 11 / 24};

struct Row {
    std::string key;     // as keys.hpp writes it: "listeners[].address"
    std::string before;  // top-level keys, beside those that every configuration has
    std::string after;
    std::string kept = {};  // how the log names what waits for a restart; empty: applied
};

const std::string pair = "certificate: a.pem, private_key: {file: key.pem}";
const std::string seal = "domain: example.com, selector: a, private_key: {file: key.pem}";

std::string in_tls(const std::string& rest) {
    return "tls: {" + pair + ", " + rest + "}\n";
}
std::string in_named(const std::string& rest) {
    return in_tls("certificates: [{" + rest + "}]");
}
std::string in_seal(const std::string& rest) {
    return "authentication: {arc: {seal: {" + rest + "}}}\n";
}
std::string in_exemption(const std::string& rest, const std::string& when = "client_ip: 10.0.0.1") {
    return in_tls("client_ca: a.pem") + "policy: {exemptions: [{" + rest + (rest.empty() ? "" : ", ") +
           (rest.find("id:") == std::string::npos ? "id: a, " : "") +
           (rest.find("allow:") == std::string::npos ? "allow: [dmarc], " : "") +
           (when.empty() ? "" : "when: {" + when + "}") + "}]}\n";
}
std::string in_rate_limit(const std::string& rest) {
    return in_tls("client_ca: a.pem") + "policy: {rate_limits: [{" + rest + "}]}\n";
}

std::vector<Row> table() {
    std::vector<Row> rows = {
        {"hostname", "hostname: a.example\n", "hostname: b.example\n",
         "hostname: a.example is kept, not b.example"},
        {"authserv_id", "", "authserv_id: example.com\n"},
        {"domains", "", "domains: [example.com, example.net]\n"},
        {"data_dir", "data_dir: /a\n", "data_dir: /b\n", "data_dir: /a is kept, not /b"},
        {"trusted_proxies", "", "trusted_proxies: [10.0.0.1]\n"},
        {"xclient_hosts", "", "xclient_hosts: [10.0.0.1]\n"},
        {"listeners[].address", "listeners: [{address: 127.0.0.1:25}]\n",
         "listeners: [{address: '[::1]:25'}]\n",
         "listeners: [127.0.0.1:25 tls off] is kept, not [[::1]:25 tls off]"},
        {"listeners[].tls", in_tls("") + "listeners: [{address: 127.0.0.1:25}]\n",
         in_tls("") + "listeners: [{address: 127.0.0.1:25, tls: required}]\n",
         "listeners: [127.0.0.1:25 tls starttls] is kept, not [127.0.0.1:25 tls required]"},
        {"listeners[].proxy_protocol", "trusted_proxies: [::1]\nlisteners: [{address: 127.0.0.1:25}]\n",
         "trusted_proxies: [::1]\nlisteners: [{address: 127.0.0.1:25, proxy_protocol: true}]\n",
         "listeners: [127.0.0.1:25 tls off] is kept, not [127.0.0.1:25 tls off proxy_protocol]"},
        {"tls.certificate", in_tls(""), "tls: {certificate: b.pem, private_key: {file: key.pem}}\n"},
        {"tls.private_key", in_tls(""), "tls: {certificate: a.pem, private_key: {file: other.pem}}\n"},
        {"tls.minimum_version", in_tls(""), in_tls("minimum_version: 1.3")},
        {"tls.client_ca", in_tls(""), in_tls("client_ca: a.pem")},
        {"tls.ocsp_staple", in_tls(""), in_tls("ocsp_staple: a.pem")},
        {"tls.certificates[].names", in_named("names: [a.example], " + pair),
         in_named("names: [b.example], " + pair)},
        {"tls.certificates[].certificate", in_named(pair),
         in_named("certificate: b.pem, private_key: {file: key.pem}")},
        {"tls.certificates[].private_key", in_named(pair),
         in_named("certificate: a.pem, private_key: {file: other.pem}")},
        {"tls.certificates[].ocsp_staple", in_named(pair), in_named(pair + ", ocsp_staple: a.pem")},
        {"dns.servers", "dns: {servers: [127.0.0.1]}\n", "dns: {servers: ['tls://[::1]#a.example']}\n",
         "dns.servers: [127.0.0.1:53] is kept, not [tls://[::1]:853#a.example]"},
        {"dns.timeout", "", "dns: {timeout: 2s}\n", "dns.timeout: 5000ms is kept, not 2000ms"},
        {"dns.cache_entries", "", "dns: {cache_entries: 7}\n", "dns.cache_entries: 200000 is kept, not 7"},
        {"dns.overrides", "", "dns: {overrides: [a.example. A 192.0.2.1]}\n"},
        {"relay.to", "relay: {to: [a]}\n", "relay: {to: ['lmtp://b', 'unix:/c']}\n",
         "relay.to: [a:25] is kept, not [lmtp://b:24, unix:/c]"},
        {"relay.tls", "", "relay: {to: [mail.example.com], tls: required}\n"},
        {"relay.ca", "", "relay: {to: [mail.example.com], ca: a.pem}\n"},
        {"relay.client_certificate.certificate", "",
         "relay: {to: [mail.example.com], client_certificate: {" + pair + "}}\n"},
        {"relay.client_certificate.private_key", "",
         "relay: {to: [mail.example.com], client_certificate: {" + pair + "}}\n"},
        {"relay.send_xforward", "", "relay: {to: [mail.example.com], send_xforward: off}\n"},
        {"relay.connections", "", "relay: {to: [mail.example.com], connections: 7}\n",
         "relay.connections: 200 is kept, not 7"},
        {"authentication.spf.enabled", "", "authentication: {spf: {enabled: false}}\n"},
        {"authentication.spf.on_fail", "", "authentication: {spf: {on_fail: reject}}\n"},
        {"authentication.spf.on_temperror", "", "authentication: {spf: {on_temperror: defer}}\n"},
        {"authentication.dkim.max_signatures", "", "authentication: {dkim: {max_signatures: 7}}\n"},
        {"authentication.dkim.minimum_rsa_bits", "", "authentication: {dkim: {minimum_rsa_bits: 2048}}\n"},
        {"authentication.arc.trusted_sealers", "", "authentication: {arc: {trusted_sealers: [a.example]}}\n"},
        {"authentication.arc.seal.domain", in_seal(seal),
         in_seal("domain: example.net, selector: a, private_key: {file: key.pem}")},
        {"authentication.arc.seal.selector", in_seal(seal),
         in_seal("domain: example.com, selector: b, private_key: {file: key.pem}")},
        {"authentication.arc.seal.private_key", in_seal(seal),
         in_seal("domain: example.com, selector: a, private_key: {file: other.pem}")},
        {"authentication.dmarc.discovery", "", "authentication: {dmarc: {discovery: psl}}\n"},
        {"authentication.dmarc.on_temperror", "", "authentication: {dmarc: {on_temperror: accept}}\n"},
        {"authentication.received_spf", "", "authentication: {received_spf: true}\n"},
        {"policy.mode", "", "policy: {mode: monitor}\n"},
        {"policy.on_reject", "", "policy: {on_reject: reject}\n"},
        {"policy.on_quarantine", "", "policy: {on_quarantine: reject}\n"},
        {"policy.on_invalid_from", "", "policy: {on_invalid_from: accept}\n"},
        {"policy.own_networks", "", "policy: {own_networks: [10.0.0.0/8]}\n"},
        {"policy.unqualified_domain", "", "policy: {unqualified_domain: a.example}\n"},
        {"policy.routed_local_parts", "", "policy: {routed_local_parts: accept}\n"},
        {"policy.enforce", "", "policy: {enforce: [a.example]}\n"},
        {"policy.dnsbl_threshold", "", "policy: {dnsbl_threshold: 2}\n"},
        {"policy.dnsbl[].zone", "", "policy: {dnsbl: [{zone: bl.example}]}\n"},
        {"policy.dnsbl[].weight", "", "policy: {dnsbl: [{zone: bl.example, weight: 2}]}\n"},
        {"policy.dnsbl[].answers", "", "policy: {dnsbl: [{zone: bl.example, answers: 127.0.0.2}]}\n"},
        {"policy.dnsbl[].name", "", "policy: {dnsbl: [{zone: bl.example, name: b}]}\n"},
        {"policy.rate_limits[].id", in_rate_limit("id: z, messages: 9, per: 9h"),
         in_rate_limit("id: a, messages: 1, per: 1h")},
        {"policy.rate_limits[].messages", in_rate_limit("id: z, messages: 9, per: 9h"),
         in_rate_limit("id: a, messages: 2, per: 1h")},
        {"policy.rate_limits[].per", in_rate_limit("id: z, messages: 9, per: 9h"),
         in_rate_limit("id: a, messages: 1, per: 2h")},
        {"policy.exemptions[].id", in_exemption(""), in_exemption("id: b")},
        {"policy.exemptions[].owner", in_exemption(""), in_exemption("owner: o")},
        {"policy.exemptions[].reason", in_exemption(""), in_exemption("reason: r")},
        {"policy.exemptions[].expires", in_exemption(""), in_exemption("expires: 2027-06-30")},
        {"policy.exemptions[].allow", in_exemption(""), in_exemption("allow: [spf]")},
        {"policy.exemptions[].override", in_exemption(""), in_exemption("override: other")},
        {"policy.exemptions[].forgeable", in_exemption(""), in_exemption("forgeable: true")},
        {"reports.organization", "", "reports: {organization: A}\n"},
        {"reports.email", "", "reports: {email: a@b.example}\n"},
        {"history.keep", "", "history: {keep: 30d}\n"},
        {"history.max_size", "", "history: {max_size: 1GiB}\n"},
        {"http.address", "", "http: {address: 127.0.0.1:80}\n",
         "http.address: 127.0.0.1:8025 is kept, not 127.0.0.1:80"},
        {"http.token", "http: {token: a}\n", "http: {token: b}\n"},
        {"process.user", "", "process: {user: a}\n", "process.user: none is kept, not a"},
        {"process.group", "process: {user: a}\n", "process: {user: a, group: b}\n",
         "process.group: none is kept, not b"},
        {"process.workers", "", "process: {workers: 7}\n", "process.workers: 0 is kept, not 7"},
        {"log.level", "", "log: {level: debug}\n"},
        {"log.format", "", "log: {format: json}\n"},
    };
    const std::pair<const char*, const char*> limits[] = {{"message_size", "2MiB"},
                                                          {"header_size", "2MiB"},
                                                          {"header_fields", "77"},
                                                          {"recipients", "177"},
                                                          {"connections", "77"},
                                                          {"connections_per_client", "7"},
                                                          {"connections_per_network", "7"},
                                                          {"messages_per_connection", "7"},
                                                          {"errors_per_connection", "7"},
                                                          {"command_timeout", "7m"},
                                                          {"data_timeout", "7m"},
                                                          {"early_talker_delay", "7s"}};
    for (const auto& [key, value] : limits)
        rows.push_back(
            {std::string("limits.") + key, "", std::string("limits: {") + key + ": " + value + "}\n"});
    rows.push_back({"limits.memory", "limits: {memory: 512MiB}\n", "limits: {memory: 256MiB}\n",
                    "limits.memory: 536870912 is kept, not 268435456"});
    for (const auto* rates : {"client_rates", "network_rates"})
        for (const auto* key : {"per", "connections", "messages", "recipients", "errors"})
            rows.push_back({std::string("limits.") + rates + '.' + key, "",
                            std::string("limits: {") + rates + ": {" + key +
                                (std::string_view(key) == "per" ? ": 7m" : ": 7") + "}}\n"});
    const std::pair<const char*, const char*> conditions[] = {
        {"client_ip", "10.0.0.2"}, {"author_domain", "a.example"}, {"mail_from", "a@b.example"},
        {"helo", "a.example"},     {"arc_sealer", "a.example"},    {"tls_client", "CN=a"}};
    for (const auto& [key, value] : conditions) {
        const std::string when = std::string(key) + ": " + value;
        const bool is_anchor = std::string_view(key) == "client_ip";
        rows.push_back({std::string("policy.exemptions[].when.") + key, in_exemption(""),
                        in_exemption("", is_anchor ? when : "client_ip: 10.0.0.1, " + when)});
        rows.push_back({std::string("policy.rate_limits[].when.") + key,
                        in_rate_limit("id: a, messages: 1, per: 1h"),
                        in_rate_limit("id: a, messages: 1, per: 1h, when: {" + when + "}")});
    }
    return rows;
}

class ReloadKeys : public ::testing::Test {
  protected:
    void SetUp() override {
        const std::string label = std::string("PRIVATE") + " KEY";  // no key, and no scanner's false alarm
        const std::string der =
            std::string("\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20", 16);
        write("a.pem", "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n");
        write("b.pem", "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n");
        for (const char octet : {'k', 'o'})
            write(octet == 'k' ? "key.pem" : "other.pem",
                  "-----BEGIN " + label + "-----\n" + auth::base64_encode(der + std::string(32, octet)) +
                      "\n-----END " + label + "-----\n");
    }
    void write(const char* name, const std::string& text) { std::ofstream(folder_.path() / name) << text; }

    config::Config load(const std::string& yaml) {
        std::string text = yaml;
        for (const auto* line : {"hostname: mx.example.com\n", "domains: [example.com]\n",
                                 "relay: {to: [mail.example.com]}\n"}) {
            const std::string_view key = std::string_view(line).substr(0, std::string_view(line).find(' '));
            if (!yaml.starts_with(key)) text += line;
        }
        auto loaded = config::load_text(text, folder_.path() / "g.yaml", today);
        for (const config::Problem& problem : loaded.problems)
            ADD_FAILURE() << problem.text() << '\n' << text;
        return loaded.config.value_or(config::Config());
    }

    tests::TemporaryFolder folder_;
};

TEST_F(ReloadKeys, AreAllInTheTable) {
    std::set<std::string> rows;
    for (const Row& row : table())
        EXPECT_TRUE(rows.insert(row.key).second) << row.key;
    for (const config::SectionKeys& section : config::all_sections())
        for (const std::string_view key : section.keys) {
            const std::string name = section.section.empty()
                                         ? std::string(key)
                                         : std::string(section.section) + '.' + std::string(key);
            if (config::find_section(name) != nullptr || config::find_section(name + "[]") != nullptr)
                continue;
            EXPECT_EQ(rows.erase(name), 1U) << name << " is new: is it applied by a reload, or does it wait?";
        }
    EXPECT_EQ(rows, std::set<std::string>()) << "no keys any more";
}

TEST_F(ReloadKeys, AreAppliedOrNamed) {
    std::set<std::string> named;
    for (const Row& row : table()) {
        const config::Config before = load(row.before);
        config::Config after = load(row.after);
        const std::vector<std::string> kept = keep_settings(after, before);
        const auto expected = row.kept.empty() ? std::vector<std::string>() : std::vector{row.kept};
        EXPECT_EQ(kept, expected) << row.key;
        // What is kept is so as a whole: the next reload names it again, against what is in force.
        EXPECT_EQ(keep_settings(after, before), std::vector<std::string>()) << row.key;
        if (!row.kept.empty()) named.insert(row.kept.substr(0, row.kept.find(':')));
    }
    const auto keys = kept_keys();
    EXPECT_EQ(named, std::set<std::string>(keys.begin(), keys.end()));
}

TEST_F(ReloadKeys, KeepWhatHangsTogether) {
    // The authserv-id is the host name unless it is given.
    config::Config after = load("hostname: b.example\n");
    keep_settings(after, load("hostname: a.example\n"));
    EXPECT_EQ(after.hostname, "a.example");
    EXPECT_EQ(after.authserv_id, "a.example");
    // A token can go only together with an address that needs one, and that one stays.
    after = load("http: {address: 127.0.0.1:8025}\n");
    const auto kept = keep_settings(after, load("http: {address: 0.0.0.0:8025, token: secret}\n"));
    EXPECT_EQ(after.http.token, "secret");
    EXPECT_EQ(kept, (std::vector<std::string>{
                        "http.address: 0.0.0.0:8025 is kept, not 127.0.0.1:8025",
                        "http.token: is kept, as http.address is no loopback address until then"}));
}

}  // namespace
}  // namespace gatepost::server
