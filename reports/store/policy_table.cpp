#include "reports/store/policy_table.hpp"

#include "reports/store/field_list.hpp"

#include "auth/crypto/digest.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace gatepost::reports::store {
namespace {

namespace dmarc = auth::dmarc;
using aggregate::Row;

// local: ids known by heart; policies with longer texts are seldom, and may be a sender's game.
constexpr std::size_t max_known_ids = 1000;
constexpr std::size_t max_known_octets = 1000;

std::string_view word(const std::optional<dmarc::Policy>& policy) {
    return policy ? dmarc::to_string(*policy) : std::string_view();
}

std::string_view word(const std::optional<bool>& psd) {
    return !psd ? "" : *psd ? "y" : "n";
}

// Calls `use` with each value of policy_columns.
template <typename Use>
void each_text(const Row& row, Use use) {
    const dmarc::Record& policy = row.policy;
    for (const std::string_view text :
         {std::string_view(to_string(row.discovery)), std::string_view(policy.text),
          std::string_view(to_string(policy.p)), word(policy.sp), word(policy.np),
          std::string_view(to_string(policy.adkim)), std::string_view(to_string(policy.aspf)),
          std::string_view(policy.testing ? "1" : "0"), word(policy.psd), std::string_view(policy.fo),
          std::string_view(policy.rua), std::string_view(policy.ruf)})
        use(text);
}

std::string texts_of(const Row& row) {
    std::string texts;
    each_text(row, [&](std::string_view text) { append_field(texts, text); });
    return texts;
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
        const std::string hash = auth::crypto::sha256(texts_of(row));
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

std::optional<std::int64_t> PolicyTable::find(const Row& row, std::int64_t day) {
    return find(texts_of(row), day);
}

std::optional<std::int64_t> PolicyTable::find(std::string texts, std::int64_t day) {
    if (day_ != day || ids_.size() == max_known_ids) forget();
    day_ = day;
    if (const auto known = ids_.find(texts); known != ids_.end()) return known->second;
    // Policies are told apart by the hash of their texts: nobody finds two with the same.
    const std::optional<std::int64_t> id = read(auth::crypto::sha256(texts), day);
    if (id && texts.size() <= max_known_octets) ids_.emplace(std::move(texts), *id);
    return id;
}

std::int64_t PolicyTable::id_of(const Row& row, std::int64_t day) {
    const std::string texts = texts_of(row);
    if (const std::optional<std::int64_t> id = find(texts, day)) return *id;
    const std::string hash = auth::crypto::sha256(texts);
    Binder binder(add_);
    binder.octets(hash).integer(day);
    each_text(row, [&](std::string_view text) { binder.text(text); });
    add_.exec();
    const std::int64_t id = database_.getLastInsertRowid();
    if (texts.size() <= max_known_octets) ids_.emplace(texts, id);
    return id;
}

std::optional<std::int64_t> PolicyTable::read(const std::string& hash, std::int64_t day) {
    Binder(find_).octets(hash);
    if (!find_.executeStep()) return std::nullopt;
    Columns columns(find_);
    const std::int64_t id = columns.integer();
    const bool is_used_later = columns.integer() >= day;
    find_.tryReset();
    if (is_used_later) return id;
    Binder(use_).integer(day).integer(id);
    use_.exec();
    return id;
}

}  // namespace gatepost::reports::store
