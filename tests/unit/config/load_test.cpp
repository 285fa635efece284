// The loader against whole files: what it reads, and the exact words and places of what it refuses.
#include "config/load.hpp"

#include "tests/unit/config/tables.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace gatepost::config {
namespace {

using namespace std::chrono_literals;

TEST(Load, takes_the_defaults_of_the_contract) {
    const auto result = load_text(base, "g.yaml", today);
    ASSERT_TRUE(result.config) << ::testing::PrintToString(texts(result.problems));
    const Config& config = *result.config;
    EXPECT_EQ(config.hostname, "mx.example.com");
    EXPECT_EQ(config.authserv_id, "mx.example.com");
    ASSERT_EQ(config.domains.size(), 1U);
    EXPECT_EQ(config.policy.own_domains, config.domains);
    EXPECT_EQ(config.data_dir, "/var/lib/gatepost");
    ASSERT_EQ(config.listeners.size(), 1U);
    EXPECT_EQ(config.listeners[0].address.address.text(), "0.0.0.0");
    EXPECT_EQ(config.listeners[0].address.port, 25);
    EXPECT_EQ(config.listeners[0].tls, ListenerTls::off);  // there is no certificate
    EXPECT_EQ(config.limits.message_size, 52'428'800U);
    EXPECT_EQ(config.limits.command_timeout, 5min);
    EXPECT_EQ(config.dns.timeout, 5s);
    EXPECT_EQ(std::get<ServerDestination>(config.relay.to.at(0)).port, 25);
    EXPECT_EQ(config.policy.on_reject, policy::OnReject::corroborate);
    EXPECT_EQ(config.reports.organization, "mx.example.com");
    EXPECT_EQ(config.reports.email, "postmaster@example.com");
    EXPECT_EQ(config.http.address->port, 8025);
    EXPECT_TRUE(config.http.address->address.is_loopback());
    EXPECT_EQ(texts(result.warnings),
              (std::vector<std::string>{
                  "g.yaml:1:1: tls: no certificate is given, so STARTTLS is not offered and mail travels in "
                  "the clear",
                  "g.yaml:1:1: policy.on_quarantine: is tag unless given: mail to be quarantined is "
                  "delivered, with "
                  "X-Quarantine as its only mark; let the mail system behind act on that field and write "
                  "on_quarantine: tag, or choose reject"}));
    // A word of the operator's, or nothing that is marked.
    for (const auto* word : {"on_quarantine: tag", "on_quarantine: reject", "mode: monitor"})
        EXPECT_EQ(load_text(base + "policy: {" + word + "}\n", "g.yaml", today).warnings.size(), 1U) << word;
}

TEST(Load, warns_of_networks_that_span_the_internet) {
    const std::pair<const char*, const char*> table[] = {
        {"policy: {own_networks: ['fd00::/8', 0.0.0.0/0], on_quarantine: tag}\n",
         "g.yaml:4:37: policy.own_networks: 0.0.0.0/0 spans the Internet"},
        {"trusted_proxies: ['::/0']\npolicy: {on_quarantine: tag}\n",
         "g.yaml:4:19: trusted_proxies: ::/0 spans the Internet"},
        {"xclient_hosts: [10.0.0.0/7]\npolicy: {on_quarantine: tag}\n",
         "g.yaml:4:17: xclient_hosts: 10.0.0.0/7 spans the Internet"},
    };
    for (const auto& [yaml, told] : table) {
        const auto result = load_text(base + yaml, "g.yaml", today);
        ASSERT_EQ(result.warnings.size(), 2U) << yaml;  // no certificate
        EXPECT_EQ(result.warnings[1].text(), told);
    }
}

// For what only the server finds: it names a key, and gets a line.
TEST(Load, knows_where_values_stand) {
    const auto result = load_text(base + "process:\n  user: nobody\nlisteners:\n  - {address: '[::1]:25'}\n",
                                  "g.yaml", today);
    const std::pair<const char*, Position> table[] = {
        {"process.user", {5, 9}},     {"process.group", {5, 3}},  // absent: its section
        {"relay.to[0]", {3, 14}},     {"relay.to[1]", {3, 13}},    {"listeners[0].address", {7, 15}},
        {"listeners[0].tls", {7, 5}}, {"tls.certificate", {1, 1}}, {"hostname", {1, 11}},
    };
    for (const auto& [key, where] : table)
        EXPECT_EQ(result.places.of(key), where) << key;
}

TEST(Load, reads_every_setting) {
    const auto result =
        load_text(base +
                      "authserv_id: example.com\n"
                      "data_dir: state\n"
                      "listeners: [{address: '[::1]:2525', tls: off}, {address: 127.0.0.1:26}]\n"
                      "limits: {message_size: 1MiB, recipients: 200, data_timeout: 90s}\n"
                      "dns: {servers: [127.0.0.1:5353, '::1'], timeout: 1500ms, cache_entries: 0}\n"
                      "authentication:\n"
                      "  spf: {enabled: false, on_fail: reject, on_temperror: defer}\n"
                      "  dkim: {max_signatures: 3, minimum_rsa_bits: 2048}\n"
                      "  dmarc: {discovery: psl, on_temperror: accept}\n"
                      "  received_spf: true\n"
                      "policy:\n"
                      "  mode: monitor\n"
                      "  on_reject: quarantine\n"
                      "  on_quarantine: accept\n"
                      "  on_invalid_from: quarantine\n"
                      "  routed_local_parts: accept\n"
                      "  own_networks: [10.20.0.0/16, 'fd00::/8']\n"
                      "  enforce: ['*.bank.example']\n"
                      "  dnsbl_threshold: 3\n"
                      "  dnsbl:\n"
                      "    - {zone: bl.example, weight: 2, answers: [127.0.0.2-127.0.0.4, 127.0.0.9]}\n"
                      "    - {zone: key.dq.example, name: dq.example}\n"
                      "reports: {organization: Example Ltd, email: dmarc@example.com}\n"
                      "http: {address: '0.0.0.0:80', token: secret}\n"
                      "process: {workers: 3}\n"
                      "log: {level: debug, format: json}\n",
                  "/etc/gatepost/g.yaml", today);
    ASSERT_TRUE(result.config) << ::testing::PrintToString(texts(result.problems));
    const Config& config = *result.config;
    EXPECT_EQ(config.authserv_id, "example.com");
    EXPECT_EQ(config.data_dir, "/etc/gatepost/state");
    EXPECT_EQ(config.listeners.at(0).address.address.text(), "::1");
    EXPECT_EQ(config.listeners.at(1).address.port, 26);
    EXPECT_EQ(config.limits.message_size, 1'048'576U);
    EXPECT_EQ(config.limits.recipients, 200U);
    EXPECT_EQ(config.limits.data_timeout, 90s);
    EXPECT_EQ(config.dns.servers.at(0).port, 5353);
    EXPECT_EQ(config.dns.servers.at(1).address.text(), "::1");
    EXPECT_EQ(config.dns.timeout, 1500ms);
    EXPECT_EQ(config.dns.cache_entries, 0U);
    EXPECT_FALSE(config.authentication.spf_enabled);
    EXPECT_EQ(config.policy.on_spf_fail, policy::OnSpfFail::reject);
    EXPECT_EQ(config.policy.on_spf_temperror, policy::OnSpfTemperror::defer);
    EXPECT_EQ(config.authentication.dkim.max_signatures, 3U);
    EXPECT_EQ(config.authentication.dkim.minimum_rsa_bits, 2048U);
    EXPECT_EQ(config.authentication.discovery, auth::dmarc::Discovery::psl);
    EXPECT_TRUE(config.authentication.received_spf);
    EXPECT_FALSE(config.authentication.writes_received_spf());  // as SPF is off
    EXPECT_EQ(config.policy.on_temperror, policy::OnTemperror::accept);
    EXPECT_EQ(config.policy.mode, policy::Mode::monitor);
    EXPECT_EQ(config.policy.on_reject, policy::OnReject::quarantine);
    EXPECT_EQ(config.policy.on_quarantine, policy::OnQuarantine::accept);
    EXPECT_EQ(config.policy.on_invalid_from, policy::OnInvalidFrom::quarantine);
    EXPECT_EQ(config.policy.routed_local_parts, policy::RoutedLocalParts::accept);
    EXPECT_EQ(config.policy.own_networks.at(1).text(), "fd00::/8");
    EXPECT_EQ(config.policy.enforce.at(0).text(), "*.bank.example");
    EXPECT_EQ(config.policy.dnsbl_threshold, 3U);
    ASSERT_EQ(config.policy.dnsbl.size(), 2U);
    EXPECT_EQ(config.policy.dnsbl[0].zone.text(), "bl.example");
    EXPECT_EQ(config.policy.dnsbl[0].name, "bl.example");
    EXPECT_EQ(config.policy.dnsbl[0].weight, 2U);
    EXPECT_EQ(config.policy.dnsbl[0].answers.at(0).last.text(), "127.0.0.4");
    EXPECT_EQ(config.policy.dnsbl[0].answers.at(1).first.text(), "127.0.0.9");
    EXPECT_EQ(config.policy.dnsbl[1].name, "dq.example");
    EXPECT_EQ(config.policy.dnsbl[1].weight, 1U);
    EXPECT_EQ(config.reports.email, "dmarc@example.com");
    EXPECT_EQ(config.http.token, "secret");
    EXPECT_EQ(config.process.workers, 3U);
    EXPECT_EQ(config.log.level, Log::Level::debug);
    EXPECT_EQ(config.log.format, Log::Format::json);
}

TEST(Load, refuses_keys_and_types) {
    expect_each_alone({
        {"hostnam: x\n", "4:1: unknown key \"hostnam\"; did you mean \"hostname\"?"},
        {"limits: {mesage_size: 1MiB}\n",
         "4:10: unknown key \"mesage_size\"; did you mean \"message_size\"?"},
        {"quux: 1\n", "4:1: unknown key \"quux\""},
        {"<<: {log: {level: info}}\n", "4:1: unknown key \"<<\""},
        {"log: {level: info}\nlog: {level: debug}\n", "5:1: duplicate key \"log\", first at line 4"},
        {"log:\n  level: info\n  'level': info\n", "6:3: duplicate key \"level\", first at line 5"},
        {"log: [info]\n", "4:6: log must be a mapping, not a list"},
        {"log: info\n", "4:6: log must be a mapping, not a single value"},
        {"log: {level: [info]}\n", "4:14: log.level must be a single value, not a list"},
        {"log: {level: }\n", "4:7: log.level must be a single value, not nothing"},
        {"log: {level: ~}\n", "4:7: log.level must be a single value, not nothing"},
        {"listeners: 127.0.0.1:25\n", "4:12: listeners must be a list of mappings, not a single value"},
        {"listeners: [127.0.0.1:25]\n", "4:13: listeners must be a list of mappings, not a single value"},
        {"dns: {servers: 127.0.0.1}\n", "4:16: dns.servers must be a list, not a single value"},
        {"dns: {servers: [[127.0.0.1]]}\n", "4:17: dns.servers must be a list of single values, not a list"},
        {"http: {token: {path: x}}\n",
         "4:15: http.token must be a text, {file: PATH} or {env: NAME}, not a mapping"},
        {"http: {token: {file: x, env: Y}}\n",
         "4:15: http.token must be a text, {file: PATH} or {env: NAME}, not a mapping"},
        {"authentication: {spf: {enabled: yes}}\n",
         "4:33: authentication.spf.enabled: \"yes\" is not one of: true, false"},
    });
}

TEST(Load, hints_at_what_was_meant) {
    expect_each_alone({
        {"log:\nlevel: info\n", "5:1: unknown key \"level\"; indent it, if it belongs to \"log\""},
        {"policy:\n  exemptions:\n  mode: monitor\n  limits: {}\n",
         "7:3: unknown key \"limits\"; it belongs to no section: write it without indentation"},
        {"authentication:\n  on_reject: reject\n",
         "5:3: unknown key \"on_reject\"; it belongs to \"policy\""},
        {"log:\n  level:info\n",
         "5:3: log must be a mapping, not a single value; write a blank behind \"level:\""},
        {"policy:\n  mode monitor\n",
         "5:3: policy must be a mapping, not a single value; write a \":\" behind \"mode\""},
        {"log: {level: info}\nhttp:token: x\n",
         "5:1: unknown key \"http:token\"; write a blank behind \"http:\""},
        {"policy:\n  own_networks:\n  -10.0.0.0/8:\n",
         "6:3: unknown key \"-10.0.0.0/8\"; write a blank behind the \"-\""},
        {"data_dir: {file: /var/lib/gatepost}\n",
         "4:11: data_dir: is a path in itself; write it without {file: }"},
    });
    // Each key that slipped out of its section.
    const auto several = load_text(base + "process:\nworkers: 2\nuser: gatepost\n", "g.yaml", today);
    EXPECT_EQ(texts(several.problems),
              (std::vector<std::string>{
                  "g.yaml:5:1: unknown key \"workers\"; indent it, if it belongs to \"process\"",
                  "g.yaml:6:1: unknown key \"user\"; indent it, if it belongs to \"process\""}));
}

TEST(Load, refuses_what_this_version_does_not_have) {
    expect_each_alone({
        {"alerts: []\n", "4:1: alerts is not supported by this version"},
        {"policy: {rules: []}\n", "4:10: policy.rules is not supported by this version"},
        {"policy: {on_quarantine: hold}\n",
         "4:25: policy.on_quarantine: \"hold\" is not supported by this version"},
        {"policy: {on_quarantine: {relay_to: a@b.example}}\n",
         "4:25: policy.on_quarantine: {relay_to: ADDRESS} is not supported by this version"},
        {"reports: {failure: {enabled: true}}\n", "4:11: reports.failure is not supported by this version"},
    });
}

TEST(Load, refuses_values) {
    const std::string never_sent =
        "no client can send it: it begins or ends with a blank, or holds a line end or another control "
        "character";
    expect_each_alone({
        {"authserv_id: a b\n",
         "4:14: authserv_id: \"a b\" is not a word without blanks or any of ()<>@,;:\\\"/[]?="},
        {"data_dir: ''\n", "4:11: data_dir: \"\" is not a text"},
        {"listeners: [{address: '*:25'}]\n",
         "4:23: listeners.address: \"*:25\" is not an IP address with a port (like 0.0.0.0:25 or [::]:25)"},
        {"listeners: [{address: 127.0.0.1:25, proxy_protocol: true}]\n",
         "4:53: listeners.proxy_protocol: needs trusted_proxies: whose header is to be believed?"},
        {"listeners: [{address: 127.0.0.1:25}, {address: '[::ffff:127.0.0.1]:25'}]\n",
         "4:48: listeners.address: is the address of an earlier listener"},
        {"trusted_proxies: [10.0.0.0/33]\n",
         "4:19: trusted_proxies: \"10.0.0.0/33\" is not an IP address or network (CIDR)"},
        {"xclient_hosts: [proxy.example]\n",
         "4:17: xclient_hosts: \"proxy.example\" is not an IP address or network (CIDR)"},
        {"process: {group: mail}\n", "4:18: process.group: needs process.user"},
        {"xclient_hosts: [10.0.0.1, 10.0.0.300]\n",
         "4:27: xclient_hosts: \"10.0.0.300\" is not an IP address or network (CIDR)"},
        {"listeners: [{}]\n", "4:13: required key \"listeners.address\" is missing"},
        {"listeners: [{address: 127.0.0.1:25, tls: starttls}]\n",
         "4:42: listeners.tls: needs tls.certificate and tls.private_key"},
        {"tls: {minimum_version: 1.1}\n", "4:24: tls.minimum_version: \"1.1\" is not one of: 1.2, 1.3"},
        {"limits: {message_size: 50MB}\n",
         "4:24: limits.message_size: \"50MB\" is not a size (like 50MiB) from 1KiB to 2GiB"},
        {"limits: {command_timeout: 300}\n",
         "4:27: limits.command_timeout: \"300\" is not a duration (like 30s, 5m, 1h) from 1s to 1h"},
        {"limits: {recipients: 0}\n", "4:22: limits.recipients: \"0\" is not a number from 1 to 1000000"},
        {"limits: {connections: -5}\n", "4:23: limits.connections: \"-5\" is not a number from 1 to 1000000"},
        {"limits: {memory: 10MiB}\n",
         "4:18: limits.memory: is smaller than message_size: no message of that size could be taken"},
        {"dns: {servers: [localhost]}\n",
         "4:17: dns.servers: \"localhost\" is not an IP address with or without a port, or "
         "tls://ADDRESS:PORT#NAME"},
        {"dns: {overrides: [x.example. A 192.0.2.1, x.example. A nowhere]}\n",
         "4:43: dns.overrides: 'nowhere' is no IPv4 address"},
        {"dns: {overrides: [{file: /nowhere/zone}]}\n",
         "4:26: dns.overrides: cannot read /nowhere/zone: No such file or directory"},
        {"dns: {overrides: [{path: zone}]}\n",
         "4:19: dns.overrides must be a list of texts and of {file: PATH}, not a mapping"},
        {"dns: {overrides: x.example. A 192.0.2.1}\n",
         "4:18: dns.overrides must be a list, not a single value"},
        {"authentication: {dkim: {minimum_rsa_bits: 512}}\n",
         "4:43: authentication.dkim.minimum_rsa_bits: \"512\" is not a number from 1024 to 8192"},
        {"policy: {mode: on}\n", "4:16: policy.mode: \"on\" is not one of: enforce, monitor"},
        {"policy: {own_networks: [10.0.0.0/33]}\n",
         "4:25: policy.own_networks: \"10.0.0.0/33\" is not an IP address or network"},
        {"policy: {enforce: ['*']}\n", "4:20: policy.enforce: \"*\" is not a domain, or *. before one"},
        {"reports: {email: nobody}\n", "4:18: reports.email: \"nobody\" is not a mail address"},
        {"http: {address: '0.0.0.0:8025'}\n",
         "4:17: http.address: not a loopback address: http.token is required"},
        {"http: {token: {file: /nowhere/token}}\n",
         "4:22: http.token: cannot read /nowhere/token: No such file or directory"},
        {"http: {token: $TOKEN}\n", "4:15: http.token: no variable is put in here; write {env: TOKEN}"},
        {"http: {token: '${http_token}'}\n",
         "4:15: http.token: no variable is put in here; write {env: http_token}"},
        {"http: {token: 'abc '}\n", "4:15: http.token: " + never_sent},
        {"http: {token: ' abc'}\n", "4:15: http.token: " + never_sent},
        {"http: {token: \"a\\nb\"}\n", "4:15: http.token: " + never_sent},
        {"http: {token: {file: /dev/null}}\n", "4:22: http.token: cannot read /dev/null: not a regular file"},
        {"http: {token: {env: GATEPOST_NO_SUCH_VARIABLE}}\n",
         "4:21: http.token: the environment variable GATEPOST_NO_SUCH_VARIABLE is not set"},
        {"process: {workers: many}\n", "4:20: process.workers: \"many\" is not a number from 0 to 1024"},
    });
}

TEST(Load, takes_relay_tls) {
    const std::string head = "hostname: mx.example.com\ndomains: [example.com]\nrelay: {to: [mail]";
    const std::pair<std::string, RelayTls> table[] = {{"", RelayTls::opportunistic},
                                                      {", tls: off", RelayTls::off},
                                                      {", tls: opportunistic", RelayTls::opportunistic},
                                                      {", tls: required, ca: system", RelayTls::required}};
    for (const auto& [yaml, mode] : table) {
        const auto result = load_text(head + yaml + "}\n", "g.yaml", today);
        ASSERT_TRUE(result.config) << yaml;
        EXPECT_EQ(result.config->relay.tls, mode) << yaml;
        EXPECT_TRUE(result.config->relay.ca.empty()) << yaml;
        EXPECT_FALSE(result.config->relay.client_certificate.configured()) << yaml;
        EXPECT_EQ(result.warnings.size(), 2U) << yaml;  // of our own certificate, and of on_quarantine
    }
}

TEST(Load, refuses_relays) {
    const std::vector<Bad> table = {
        {"relay: {to: []}", "3:13: relay.to: at least one destination is needed"},
        {"relay: {}", "3:8: required key \"relay.to\" is missing"},
        {"relay:", "3:1: required key \"relay.to\" is missing"},
        {"relay: {to: ['mail:smtp']}",
         "3:14: relay.to: \"mail:smtp\" is none of host:port, lmtp://host:port, unix:/PATH and maildir:PATH"},
        {"relay: {to: ['maildir:']}", "3:14: relay.to: maildir: without a path"},
        {"relay: {to: [mail, 'lmtp://mail:25', 'unix:/run/lmtp']}",
         "3:20: relay.to: LMTP has no place on port 25 (RFC 2033 section 5)"},
        {"relay: {to: [\n  mail,\n  'unix:lmtp']}",
         "5:3: relay.to: \"unix:lmtp\" names no absolute path, as unix:/run/dovecot/lmtp does"},
        {"relay: {to: ['maildir:/m', 'unix:/run/lmtp']}",
         "3:13: relay.to: a Maildir stands alone: mail that went into it could not be found elsewhere"},
        {"relay: {to: ['maildir:/m', mail]}",
         "3:13: relay.to: a Maildir stands alone: mail that went into it could not be found elsewhere"},
        {"relay: {to: [mail], routes: []}", "3:21: relay.routes is not supported by this version"},
        {"relay: {to: [mail], tls: dane}",
         "3:26: relay.tls: \"dane\" is not one of: off, opportunistic, required"},
        {"relay: {to: [mail], ca: /none.pem}",
         "3:25: relay.ca: cannot read /none.pem: No such file or directory"},
        {"relay: {to: [mail], client_certificate: x}",
         "3:41: relay.client_certificate must be a mapping, not a single value"},
    };
    for (const auto& row : table) {
        const auto yaml = "hostname: mx.example.com\ndomains: [example.com]\n" + row.yaml + "\n";
        EXPECT_EQ(texts(load_text(yaml, "g.yaml", today).problems), std::vector{"g.yaml:" + row.problem})
            << yaml;
    }
    const auto mixed = load_text(
        "hostname: mx.example.com\ndomains: [example.com]\n"
        "relay: {to: ['unix:/run/dovecot/lmtp', 'lmtp://mail', mail]}\n",
        "g.yaml", today);
    ASSERT_TRUE(mixed.config);
    ASSERT_EQ(mixed.config->relay.to.size(), 3U);
    EXPECT_EQ(std::get<ServerDestination>(mixed.config->relay.to[0]).socket, "/run/dovecot/lmtp");
    EXPECT_EQ(std::get<ServerDestination>(mixed.config->relay.to[1]).text(), "lmtp://mail:24");
    EXPECT_FALSE(std::get<ServerDestination>(mixed.config->relay.to[2]).lmtp);
    const auto maildir =
        load_text("hostname: mx.example.com\ndomains: [example.com]\nrelay: {to: ['maildir:../Mail']}\n",
                  "/etc/gatepost/g.yaml", today);
    ASSERT_TRUE(maildir.config);
    EXPECT_EQ(std::get<MaildirDestination>(maildir.config->relay.to.at(0)).path, "/etc/Mail");
}

TEST(Load, tells_all_problems_at_once_in_the_order_of_the_file) {
    const auto result = load_text(
        "http: {address: nowhere}\n"
        "domains: []\n"
        "log: {level: loud, format: xml, levle: info}\n"
        "relay: {to: [':25']}\n",
        "g.yaml", today);
    EXPECT_EQ(
        texts(result.problems),
        (std::vector<std::string>{
            "g.yaml:1:1: required key \"hostname\" is missing",
            "g.yaml:1:17: http.address: \"nowhere\" is not an IP address with a port (like 127.0.0.1:8025)",
            "g.yaml:2:10: domains: at least one domain name is needed",
            "g.yaml:3:14: log.level: \"loud\" is not one of: debug, info, warning, error",
            "g.yaml:3:28: log.format: \"xml\" is not one of: text, json",
            "g.yaml:3:33: unknown key \"levle\"; did you mean \"level\"?",
            "g.yaml:4:14: relay.to: \":25\" is none of host:port, lmtp://host:port, unix:/PATH and "
            "maildir:PATH",
        }));
}

TEST(Load, refuses_what_is_no_document) {
    const std::vector<Bad> table = {
        {"hostname: [a\n", "1:11: the [ that opens here is closed nowhere below"},
        {"a: b: c\n",
         "1:5: a second \": \" in one line; put the value in quotes, or the second key into a line of its "
         "own"},
        {"a: |b\n", "1:5: not YAML: unexpected character in block scalar"},
        {"- a\n", "1:1: the configuration must be a mapping, not a list"},
        {"[a]: b\n", "1:1: a key must be a plain word"},
        {"a: &a [*a]\n", "1:8: an alias inside what it names"},
        {base + "---\nhostname: x\n", "5:1: a second YAML document; one file holds one"},
    };
    for (const auto& row : table) {
        const auto result = load_text(row.yaml, "g.yaml", today);
        ASSERT_FALSE(result.problems.empty()) << row.yaml;
        EXPECT_EQ(result.problems[0].text(), "g.yaml:" + row.problem) << row.yaml;
    }
    for (const auto* empty : {"", "# nothing\n", "---\n", "~\n"})
        EXPECT_EQ(texts(load_text(empty, "g.yaml", today).problems),
                  (std::vector<std::string>{"g.yaml:1:1: required key \"hostname\" is missing",
                                            "g.yaml:1:1: required key \"domains\" is missing",
                                            "g.yaml:1:1: required key \"relay.to\" is missing"}))
            << empty;
}

// Nine lists, each of nine aliases of the one before: 9^9 values in a few lines.
TEST(Load, bounds_aliases_and_depth) {
    std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n";
    for (int i = 1; i < 9; ++i) {
        const auto before = "*a" + std::to_string(i - 1);
        std::string items = before;
        for (int n = 1; n < 9; ++n)
            items += ", " + before;
        bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + items + "]\n";
    }
    const auto result = load_text(bomb, "g.yaml", today);
    ASSERT_EQ(result.problems.size(), 1U);
    EXPECT_EQ(result.problems[0].message, "more values than a configuration can have");

    const auto deep = load_text("a: " + std::string(100'000, '['), "g.yaml", today);
    ASSERT_EQ(deep.problems.size(), 1U);
    EXPECT_FALSE(deep.config);
}

TEST(Load, takes_aliases) {
    const auto result =
        load_text(base + "policy: {own_networks: &ours [10.0.0.0/8], enforce: []}\n", "g.yaml", today);
    EXPECT_TRUE(result.config);
    const auto aliased =
        load_text("hostname: mx.example.com\ndomains: &d [example.com]\nrelay: {to: *d}\n", "g.yaml", today);
    ASSERT_TRUE(aliased.config);
    EXPECT_EQ(std::get<ServerDestination>(aliased.config->relay.to.at(0)).host, "example.com");
}

TEST(Load, cuts_and_cleans_what_it_quotes) {
    const auto result =
        load_text(base + "log: {level: \"\\e[31m" + std::string(500, 'x') + "\"}\n", "g.yaml", today);
    ASSERT_EQ(result.problems.size(), 1U);
    EXPECT_EQ(result.problems[0].message.substr(0, 20), "log.level: \"?[31mxxx");
    EXPECT_LT(result.problems[0].message.size(), 200U);
}

TEST(Load, tells_of_a_file_that_is_not_there) {
    EXPECT_EQ(texts(load("/nowhere/g.yaml", today).problems),
              std::vector<std::string>{
                  "/nowhere/g.yaml:1:1: cannot read /nowhere/g.yaml: No such file or directory"});
}

}  // namespace
}  // namespace gatepost::config
