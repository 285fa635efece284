#include "reports/store/policy_table.hpp"

#include "reports/store/field_list.hpp"

#include "auth/crypto/digest.hpp"

#include <optional>
#include <string>
#include <vector>

namespace gatepost::reports::store {
namespace {

namespace dmarc = auth::dmarc;
using aggregate::Row;

std::string word(const std::optional<dmarc::Policy>& policy) {
    return policy ? std::string(dmarc::to_string(*policy)) : std::string();
}

std::string word(const std::optional<bool>& psd) {
    return !psd ? "" : *psd ? "y" : "n";
}

// The values of policy_columns.
std::vector<std::string> texts_of(const Row& row) {
    const dmarc::Record& policy = row.policy;
    return {std::string(to_string(row.discovery)),
            policy.text,
            std::string(to_string(policy.p)),
            word(policy.sp),
            word(policy.np),
            std::string(to_string(policy.adkim)),
            std::string(to_string(policy.aspf)),
            policy.testing ? "1" : "0",
            word(policy.psd),
            policy.fo,
            policy.rua,
            policy.ruf};
}

// By what policies are told apart: nobody finds two with the same.
std::string hash_of(const std::vector<std::string>& texts) {
    return auth::crypto::sha256(write_fields(texts));
}

void bind_texts(Binder& binder, const std::vector<std::string>& texts) {
    for (const std::string& text : texts)
        binder.text(text);
}

}  // namespace

const char* const policy_columns = "discovery, record, p, sp, np, adkim, aspf, testing, psd, fo, rua, ruf";

void read_policy(Columns& columns, Row& row) {
    const auto optional_policy = [&]() -> std::optional<dmarc::Policy> {
        const std::string text = columns.text();
        if (text.empty()) return std::nullopt;
        return enumerator(text, dmarc::Policy::reject);
    };
    row.discovery = enumerator(columns.text(), dmarc::Discovery::psl);
    row.policy.text = columns.text();
    row.policy.p = enumerator(columns.text(), dmarc::Policy::reject);
    row.policy.sp = optional_policy();
    row.policy.np = optional_policy();
    row.policy.adkim = enumerator(columns.text(), dmarc::AlignmentMode::strict);
    row.policy.aspf = enumerator(columns.text(), dmarc::AlignmentMode::strict);
    row.policy.testing = columns.integer() != 0;
    const std::string psd = columns.text();
    if (!psd.empty()) row.policy.psd = psd == "y";
    row.policy.fo = columns.text();
    row.policy.rua = columns.text();
    row.policy.ruf = columns.text();
}

void add_policy_hashes(SQLite::Database& database) {
    SQLite::Statement all(database, std::string("SELECT id, ") + policy_columns + " FROM policy");
    SQLite::Statement add(database, "UPDATE policy SET hash = ? WHERE id = ?");
    while (all.executeStep()) {
        Columns columns(all);
        const std::int64_t id = columns.integer();
        Row row;
        read_policy(columns, row);
        const std::string hash = hash_of(texts_of(row));
        Binder(add).octets(hash).integer(id);
        add.exec();
    }
}

PolicyTable::PolicyTable(SQLite::Database& database)
    : database_(database),
      find_(database, "SELECT id, last_day FROM policy WHERE hash = ?"),
      add_(database, std::string("INSERT INTO policy (hash, last_day, ") + policy_columns +
                         ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
      use_(database, "UPDATE policy SET last_day = ? WHERE id = ?") {}

std::int64_t PolicyTable::id_of(const Row& row, std::int64_t day) {
    const std::vector<std::string> texts = texts_of(row);
    const std::string hash = hash_of(texts);
    Binder(find_).octets(hash);
    if (find_.executeStep()) {
        Columns columns(find_);
        const std::int64_t id = columns.integer();
        const bool is_used_later = columns.integer() >= day;
        find_.tryReset();
        if (is_used_later) return id;
        Binder(use_).integer(day).integer(id);
        use_.exec();
        return id;
    }
    Binder binder(add_);
    binder.octets(hash).integer(day);
    bind_texts(binder, texts);
    add_.exec();
    return database_.getLastInsertRowid();
}

}  // namespace gatepost::reports::store
