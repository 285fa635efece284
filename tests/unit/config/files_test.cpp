// Files that configurations name, and the ones that ship with the product.
#include "config/keys.hpp"
#include "config/load.hpp"
#include "config/secret.hpp"

#include "auth/base64.hpp"

#include <boost/json.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

namespace gatepost::config {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::sys_days today{std::chrono::year(2026) / 11 / 24};
const fs::path source = GATEPOST_SOURCE;
const std::string private_key_label =
    std::string("PRIVATE") + " KEY";  // no key, and no scanner's false alarm

class ConfigFiles : public ::testing::Test {
  protected:
    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "gatepost-config-XXXXXX").string();
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        folder_ = name;
    }
    void TearDown() override { fs::remove_all(folder_); }

    fs::path write(const fs::path& name, std::string_view text) {
        fs::create_directories((folder_ / name).parent_path());
        std::ofstream(folder_ / name, std::ios::binary) << text;
        return folder_ / name;
    }
    // What PEM looks like from afar; the loader does not look nearer.
    static std::string pem(const std::string& what) {
        return "-----BEGIN " + what + "-----\nMA==\n-----END " + what + "-----\n";
    }
    static std::string all(const std::vector<Problem>& problems) {
        std::string text;
        for (const auto& problem : problems)
            text += problem.text() + "\n";
        return text;
    }

    fs::path folder_;
};

const std::string base =
    "hostname: mx.example.com\n"
    "domains: [example.com]\n"
    "relay: {to: [mail.example.com]}\n";

TEST_F(ConfigFiles, read_local_records) {
    write("local.zone", "$ORIGIN example.\n@ TXT \"v=spf1 -all\" ; nobody\n\nwww CNAME @\n");
    const fs::path good =
        write("good.yaml", base + "dns: {overrides: [a.test. A 192.0.2.1, {file: local.zone}]}\n");
    const LoadResult loaded = load(good, today);
    ASSERT_TRUE(loaded.config) << all(loaded.problems);
    EXPECT_EQ(loaded.config->dns.overrides,
              (std::vector<std::string>{"a.test. A 192.0.2.1", "example. TXT \"v=spf1 -all\"",
                                        "www.example. CNAME example."}));
    const fs::path alone = write("alone.yaml", base + "dns: {overrides: {file: local.zone}}\n");
    EXPECT_EQ(load(alone, today).config->dns.overrides.size(), 2U);

    // Each mistake with the file's own line, and those between the file and the rest.
    write("bad.zone", "a.test. TXT \"x\"\nb.test. A nowhere\n$INCLUDE c\n");
    const fs::path bad =
        write("bad.yaml", base + "dns: {overrides: [a.test. CNAME b.test, {file: bad.zone}]}\n");
    const LoadResult refused = load(bad, today);
    EXPECT_FALSE(refused.config);
    const std::string told = all(refused.problems);
    for (const char* mistake : {"bad.zone line 2: 'nowhere' is no IPv4 address",
                                "bad.zone line 3: $INCLUDE c", "bad.zone line 1: a.test has a CNAME"})
        EXPECT_NE(told.find(mistake), std::string::npos) << mistake << " in\n" << told;
}

TEST_F(ConfigFiles, read_secrets) {
    write("token", "from file\r\n\n");
    write("empty", "\n");
    ASSERT_EQ(setenv("GATEPOST_TEST_TOKEN", "from environment", 1), 0);
    ASSERT_EQ(setenv("GATEPOST_TEST_EMPTY", "", 1), 0);
    const std::pair<std::string, std::string> good[] = {{"inline", "inline"},
                                                        {"{file: token}", "from file"},
                                                        {"{file: ./x/../token}", "from file"},
                                                        {"{env: GATEPOST_TEST_TOKEN}", "from environment"}};
    for (const auto& [yaml, token] : good) {
        const auto result = load(write("g.yaml", base + "http: {token: " + yaml + "}\n"), today);
        ASSERT_TRUE(result.config) << all(result.problems);
        EXPECT_EQ(result.config->http.token, token);
    }
    const std::string file = (folder_ / "g.yaml").string();
    const std::pair<std::string, std::string> bad[] = {
        {"{file: empty}", "4:22: http.token: cannot read " + (folder_ / "empty").string() + ": it is empty"},
        {"{env: GATEPOST_TEST_EMPTY}",
         "4:21: http.token: the environment variable GATEPOST_TEST_EMPTY is empty"}};
    for (const auto& [yaml, problem] : bad)
        EXPECT_EQ(all(load(write("g.yaml", base + "http: {token: " + yaml + "}\n"), today).problems),
                  file + ":" + problem + "\n");
}

// A secret can stand inline, so that a path without `file:` would be the secret. No message repeats it.
TEST_F(ConfigFiles, name_a_path_that_stands_for_a_secret) {
    write("token", "secret");
    write("cert.pem", pem("CERTIFICATE"));
    const std::string is_path = "is the path of a file; for what the file holds write {file: PATH}";
    const std::string no_key = "no private key in PEM; for a key in a file write {file: PATH}";
    const std::string seal = "authentication: {arc: {seal: {domain: example.com, selector: a, private_key: ";
    const std::pair<std::string, std::string> bad[] = {
        {"http: {token: token}\n", "4:15: http.token: " + is_path},
        {"http: {token: " + (folder_ / "token").string() + "}\n", "4:15: http.token: " + is_path},
        {"tls: {certificate: cert.pem, private_key: token}\n", "4:43: tls.private_key: " + is_path},
        {"tls: {certificate: cert.pem, private_key: /nowhere/key.pem}\n", "4:43: tls.private_key: " + no_key},
        {"relay: {to: [mail], client_certificate: {certificate: cert.pem, private_key: key.pem}}\n",
         "3:78: relay.client_certificate.private_key: " + no_key},
        {seal + "token}}}\n", "4:78: authentication.arc.seal.private_key: " + is_path},
    };
    for (const auto& [yaml, problem] : bad) {
        const bool has_relay = yaml.starts_with("relay");
        const auto text =
            has_relay ? "hostname: mx.example.com\ndomains: [example.com]\n" + yaml : base + yaml;
        const fs::path file = write("g.yaml", text);
        EXPECT_EQ(all(load(file, today).problems), file.string() + ":" + problem + "\n") << yaml;
    }
    const auto sealing = load(write("g.yaml", base + seal + "/nowhere}}}\n"), today);
    EXPECT_NE(all(sealing.problems).find("; for a key in a file write {file: PATH}\n"), std::string::npos)
        << all(sealing.problems);
    // Not sure enough for an error: a random token can begin so.
    const auto token = load(write("g.yaml", base + "http: {token: /run/secrets/token}\n"), today);
    ASSERT_TRUE(token.config);
    EXPECT_NE(all(token.warnings)
                  .find("4:15: http.token: begins like a path; for what a file holds write {file: PATH}"),
              std::string::npos);
}

TEST_F(ConfigFiles, are_bounded) {
    EXPECT_EQ(read_file(write("fits", std::string(1024 * 1024, 'x')))->size(), 1024U * 1024U);
    EXPECT_EQ(read_file(write("large", std::string(1024 * 1024 + 1, 'x'))).error().text,
              "cannot read " + (folder_ / "large").string() + ": larger than 1 MiB");
    EXPECT_EQ(read_file(folder_).error().text, "cannot read " + folder_.string() + ": not a regular file");
}

TEST_F(ConfigFiles, give_tls) {
    write("tls/cert.pem", pem("CERTIFICATE"));
    write("tls/key.pem", pem(private_key_label));
    const std::string tls = "tls: {certificate: tls/cert.pem, private_key: {file: tls/key.pem}}\n";
    const auto result = load(write("g.yaml", base + tls), today);
    ASSERT_TRUE(result.config) << all(result.problems);
    EXPECT_EQ(result.warnings.size(), 1U) << all(result.warnings);  // on_quarantine
    EXPECT_EQ(result.config->tls.certificate, folder_ / "tls/cert.pem");
    EXPECT_EQ(result.config->tls.private_key,
              pem(private_key_label).substr(0, pem(private_key_label).size() - 1));
    EXPECT_EQ(result.config->tls.private_key_file, folder_ / "tls/key.pem");
    EXPECT_EQ(result.config->listeners.at(0).tls, ListenerTls::starttls);

    const std::string cert = (folder_ / "tls/cert.pem").string();
    const std::string key = (folder_ / "tls/key.pem").string();
    const std::string none = (folder_ / "none.pem").string();
    const std::pair<std::string, std::string> bad[] = {
        {"{certificate: tls/cert.pem}", "4:6: tls: certificate and private_key belong together"},
        {"{certificate: none.pem, private_key: {file: tls/key.pem}}",
         "4:20: tls.certificate: cannot read " + none + ": No such file or directory"},
        {"{certificate: tls/key.pem, private_key: {file: tls/key.pem}}",
         "4:20: tls.certificate: " + key + " holds no certificate in PEM"},
        {"{certificate: tls/cert.pem, private_key: {file: tls/cert.pem}}",
         "4:47: tls.private_key: no private key in PEM"},
        {"{client_ca: tls/cert.pem}", "4:18: tls.client_ca: needs tls.certificate"},
        {"{certificate: tls/cert.pem, private_key: {file: tls/key.pem}, ocsp_staple: none.pem}",
         "4:81: tls.ocsp_staple: cannot read " + none + ": No such file or directory"},
        {"{certificate: tls/cert.pem, private_key: {file: tls/key.pem}, client_ca: tls/key.pem}",
         "4:79: tls.client_ca: " + key + " holds no certificate in PEM"},
        {"{certificate: tls/cert.pem, private_key: {file: tls/key.pem}, certificates: [{names: "
         "[a.*.example], "
         "certificate: tls/cert.pem, private_key: {file: tls/key.pem}}]}",
         "4:92: tls.certificates.names: \"a.*.example\" is not a host name, or *. before one"},
        {"{certificate: tls/cert.pem, private_key: {file: none.pem}}",
         "4:54: tls.private_key: cannot read " + none + ": No such file or directory"},
    };
    for (const auto& [yaml, problem] : bad)
        EXPECT_EQ(all(load(write("g.yaml", base + "tls: " + yaml + "\n"), today).problems),
                  (folder_ / "g.yaml").string() + ":" + problem + "\n");
}

// A key that does not load is told at once and in its place, not with the first message to be sealed.
TEST_F(ConfigFiles, read_the_key_of_seals) {
    // RFC 8410 §7: an Ed25519 key is these octets and 32 more.
    const std::string der =
        std::string("\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20", 16) +
        std::string(32, 'k');
    write("arc.pem", "-----BEGIN " + private_key_label + "-----\n" + auth::base64_encode(der) +
                         "\n-----END " + private_key_label + "-----\n");
    write("none.pem", pem(private_key_label));
    const std::string seal = "authentication: {arc: {seal: {domain: Example.com, selector: Arc1, ";
    const auto load_seal = [&](const std::string& rest) {
        return load(write("g.yaml", base + seal + rest + "}}}\n"), today);
    };
    const auto result = load_seal("private_key: {file: arc.pem}");
    ASSERT_TRUE(result.config) << all(result.problems);
    const auto& identity = result.config->authentication.arc_seal;
    ASSERT_TRUE(identity);
    EXPECT_EQ(identity->domain.text(), "example.com");
    EXPECT_EQ(identity->selector, "arc1");
    EXPECT_EQ(identity->key.type(), auth::crypto::KeyType::ed25519);
    EXPECT_EQ(result.warnings.size(), 2U) << all(result.warnings);  // no certificate, on_quarantine

    // In quarantine, mail is sealed, too.
    const auto circle =
        load(write("g.yaml", base + "authentication: {arc: {trusted_sealers: [example.com], seal: "
                                    "{domain: example.com, selector: s, "
                                    "private_key: {file: arc.pem}}}}\n"),
             today);
    EXPECT_EQ(circle.warnings.size(), 3U) << all(circle.warnings);
    EXPECT_NE(
        all(circle.warnings).find(":4:42: authentication.arc.trusted_sealers: names the domain of seal"),
        std::string::npos)
        << all(circle.warnings);

    const std::string file = (folder_ / "g.yaml").string();
    const std::string absent = (folder_ / "absent.pem").string();
    EXPECT_EQ(
        all(load_seal("private_key: {file: none.pem}").problems),
        file + ":4:81: authentication.arc.seal.private_key: not a private key in PEM, or an encrypted one\n");
    EXPECT_EQ(all(load_seal("private_key: {file: absent.pem}").problems),
              file + ":4:88: authentication.arc.seal.private_key: cannot read " + absent +
                  ": No such file or directory\n");
    EXPECT_EQ(all(load_seal("").problems),
              file + ":4:30: required key \"authentication.arc.seal.private_key\" is missing\n");
    EXPECT_EQ(
        all(load(write("g.yaml", base + "authentication: {arc: {seal: {domain: com, selector: a..b, "
                                        "private_key: {file: arc.pem}}}}\n"),
                 today)
                .problems),
        file + ":4:39: authentication.arc.seal.domain: \"com\" is not a domain of at least two labels\n" +
            file +
            ":4:54: authentication.arc.seal.selector: \"a..b\" is not a selector (RFC 6376 section 3.1)\n");
}

TEST_F(ConfigFiles, give_tls_by_name_and_for_clients) {
    write("cert.pem", pem("CERTIFICATE"));
    write("key.pem", pem(private_key_label));
    write("staple.der", "0");
    const std::string pair = "certificate: cert.pem, private_key: {file: key.pem}, ocsp_staple: staple.der";
    const std::string tls = "tls: {" + pair +
                            ", client_ca: cert.pem, certificates: [{names: [B.example, '*.c.example'], " +
                            pair + "}, {" + pair + "}]}\n";
    const std::string policy =
        "policy: {exemptions: [{id: x, owner: o, reason: r, allow: [dmarc], when: {tls_client: 'CN=a'}}], "
        "on_quarantine: tag}\n";
    const auto result = load(write("g.yaml", base + tls + policy), today);
    ASSERT_TRUE(result.config) << all(result.problems);
    EXPECT_EQ(all(result.warnings), "");
    const Tls& read = result.config->tls;
    EXPECT_EQ(read.client_ca, folder_ / "cert.pem");
    EXPECT_EQ(read.ocsp_staple, folder_ / "staple.der");
    ASSERT_EQ(read.certificates.size(), 2U);
    EXPECT_EQ(read.certificates[0].names, (std::vector<std::string>{"b.example", "*.c.example"}));
    EXPECT_EQ(read.certificates[0].private_key_file, folder_ / "key.pem");
    EXPECT_EQ(read.certificates[1].names, std::vector<std::string>());
    EXPECT_EQ(read.certificates[1].ocsp_staple, folder_ / "staple.der");
    EXPECT_EQ(result.config->policy.exemptions.at(0).when.tls_client.size(), 1U);

    EXPECT_EQ(
        all(load(write("g.yaml", base + policy), today).problems),
        (folder_ / "g.yaml").string() +
            ":4:87: policy.exemptions.when.tls_client: needs tls.client_ca: by whom would the certificate be "
            "verified?\n");
}

TEST_F(ConfigFiles, that_ship_are_valid) {
    // No certificate; and in the one of least keys nothing is said of on_quarantine.
    for (const auto& [name, warnings] : {std::pair{"minimal.yaml", 2U}, std::pair{"default.yaml", 1U}}) {
        const auto result = load(source / "config" / name, today);
        EXPECT_TRUE(result.config) << all(result.problems);
        EXPECT_EQ(result.warnings.size(), warnings) << all(result.warnings);
    }
    // The demonstration's certificate is made when it is first run.
    write("run/demo/tls/cert.pem", pem("CERTIFICATE"));
    write("run/demo/tls/key.pem", pem(private_key_label));
    fs::create_directories(folder_ / "config");
    fs::copy_file(source / "config/demo.yaml", folder_ / "config/demo.yaml");
    const auto demo = load(folder_ / "config/demo.yaml", today);
    ASSERT_TRUE(demo.config) << all(demo.problems);
    EXPECT_EQ(all(demo.warnings), "");
    EXPECT_EQ(demo.config->data_dir, folder_ / "run/demo");
}

// What the annotated file says is the default must be what the loader takes where nothing is said.
TEST_F(ConfigFiles, default_yaml_tells_the_defaults) {
    const auto given = load(source / "config/default.yaml", today).config;
    const auto silent = load(source / "config/minimal.yaml", today).config;
    ASSERT_TRUE(given && silent);
    EXPECT_EQ(given->authserv_id, silent->authserv_id);
    EXPECT_EQ(given->data_dir, silent->data_dir);
    EXPECT_EQ(given->listeners.at(0).address.address, silent->listeners.at(0).address.address);
    EXPECT_EQ(given->listeners.at(0).address.port, silent->listeners.at(0).address.port);
    EXPECT_EQ(given->listeners.at(0).tls, silent->listeners.at(0).tls);
    EXPECT_EQ(given->limits.message_size, silent->limits.message_size);
    EXPECT_EQ(given->limits.header_size, silent->limits.header_size);
    EXPECT_EQ(given->limits.header_fields, silent->limits.header_fields);
    EXPECT_EQ(given->limits.memory, silent->limits.memory);
    EXPECT_EQ(given->limits.recipients, silent->limits.recipients);
    EXPECT_EQ(given->limits.connections, silent->limits.connections);
    EXPECT_EQ(given->limits.connections_per_client, silent->limits.connections_per_client);
    EXPECT_EQ(given->limits.messages_per_connection, silent->limits.messages_per_connection);
    EXPECT_EQ(given->limits.errors_per_connection, silent->limits.errors_per_connection);
    EXPECT_EQ(given->limits.command_timeout, silent->limits.command_timeout);
    EXPECT_EQ(given->limits.data_timeout, silent->limits.data_timeout);
    EXPECT_EQ(given->dns.timeout, silent->dns.timeout);
    EXPECT_EQ(given->dns.cache_entries, silent->dns.cache_entries);
    EXPECT_EQ(given->authentication.spf_enabled, silent->authentication.spf_enabled);
    EXPECT_EQ(given->authentication.dkim.max_signatures, silent->authentication.dkim.max_signatures);
    EXPECT_EQ(given->authentication.dkim.minimum_rsa_bits, silent->authentication.dkim.minimum_rsa_bits);
    EXPECT_EQ(given->authentication.discovery, silent->authentication.discovery);
    EXPECT_EQ(given->authentication.received_spf, silent->authentication.received_spf);
    EXPECT_EQ(given->policy.mode, silent->policy.mode);
    EXPECT_EQ(given->policy.on_reject, silent->policy.on_reject);
    EXPECT_EQ(given->policy.on_quarantine, silent->policy.on_quarantine);
    EXPECT_EQ(given->policy.on_invalid_from, silent->policy.on_invalid_from);
    EXPECT_EQ(given->policy.routed_local_parts, silent->policy.routed_local_parts);
    EXPECT_EQ(given->policy.on_temperror, silent->policy.on_temperror);
    EXPECT_EQ(given->policy.on_spf_fail, silent->policy.on_spf_fail);
    EXPECT_EQ(given->policy.on_spf_temperror, silent->policy.on_spf_temperror);
    EXPECT_EQ(given->limits.connections_per_network, silent->limits.connections_per_network);
    EXPECT_EQ(given->limits.client_rates, silent->limits.client_rates);
    EXPECT_EQ(given->limits.network_rates, silent->limits.network_rates);
    EXPECT_EQ(given->limits.early_talker_delay, silent->limits.early_talker_delay);
    EXPECT_EQ(given->relay.connections, silent->relay.connections);
    EXPECT_EQ(given->policy.unqualified_domain, silent->policy.unqualified_domain);
    EXPECT_EQ(given->policy.rate_limits, silent->policy.rate_limits);
    EXPECT_EQ(given->policy.dnsbl_threshold, silent->policy.dnsbl_threshold);
    EXPECT_EQ(given->policy.dnsbl, silent->policy.dnsbl);
    EXPECT_EQ(given->reports.organization, silent->reports.organization);
    EXPECT_EQ(given->reports.email, silent->reports.email);
    EXPECT_EQ(given->http.address->port, silent->http.address->port);
    EXPECT_EQ(given->process.workers, silent->process.workers);
    EXPECT_EQ(given->log.level, silent->log.level);
    EXPECT_EQ(given->log.format, silent->log.format);
}

using KeySet = std::set<std::string>;  // "SECTION:KEY"

void collect(const boost::json::object& schema, const std::string& section, KeySet& keys) {
    if (const auto* properties = schema.if_contains("properties")) {
        for (const auto& [key, value] : properties->as_object()) {
            keys.insert(section + ":" + std::string(key));
            collect(value.as_object(), section + (section.empty() ? "" : ".") + std::string(key), keys);
        }
    }
    if (const auto* items = schema.if_contains("items")) collect(items->as_object(), section + "[]", keys);
}

KeySet known_keys() {
    KeySet keys;
    for (const auto& section : all_sections())
        for (const auto key : section.keys)
            keys.insert(std::string(section.section) + ":" + std::string(key));
    return keys;
}

TEST(ConfigKeys, are_those_of_the_schema) {
    std::ifstream file(source / "config/schema.json");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    KeySet keys;
    collect(boost::json::parse(text).as_object(), "", keys);
    EXPECT_EQ(keys, known_keys());
}

TEST(ConfigKeys, all_stand_in_default_yaml) {
    std::ifstream file(source / "config/default.yaml");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    for (const auto& section : all_sections())
        for (const auto key : section.keys)
            EXPECT_NE(text.find(std::string(key) + ":"), std::string::npos) << key;
}

// Each key is given a value that no key takes: one that the loader never looks at would raise no problem.
TEST(ConfigKeys, are_all_read) {
    for (const auto& section : all_sections()) {
        for (const auto key : section.keys) {
            std::string yaml;
            std::string closing;
            std::string_view path = section.section;
            while (!path.empty()) {
                const auto dot = path.find('.');
                std::string name(path.substr(0, dot));
                path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
                const bool list = name.ends_with("[]");
                if (list) name.resize(name.size() - 2);
                yaml += name + (list ? ": [{" : ": {");
                closing = (list ? "}]" : "}") + closing;
            }
            yaml += std::string(key) + ": ";
            const auto column = yaml.size() + 1;
            yaml += "{no_such_key: []}" + closing;
            bool told = false;
            for (const auto& problem : load_text(yaml, "g.yaml", today).problems)
                told = told || problem.column == column || problem.column == column + 1;
            EXPECT_TRUE(told) << yaml;
        }
    }
}

TEST(ConfigKeys, suggest_what_is_near) {
    const std::vector<std::string_view> keys = {"hostname", "domains", "dns", "tls", "log", "policy"};
    const std::pair<const char*, std::optional<std::string_view>> table[] = {
        {"hostnam", "hostname"}, {"host_name", "hostname"}, {"domain", "domains"},
        {"tsl", "tls"},          {"Policy", "policy"},      {"polciy", "policy"},
        {"sql", std::nullopt},   {"banana", std::nullopt},  {"", std::nullopt},
    };
    for (const auto& [word, suggestion] : table)
        EXPECT_EQ(nearest(word, keys), suggestion) << word;
    EXPECT_EQ(nearest(std::string(100'000, 'x'), keys), std::nullopt);
}

}  // namespace
}  // namespace gatepost::config
