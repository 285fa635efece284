#include "server/input_buffer.hpp"

#include <cstring>

namespace gatepost::server {

void InputBuffer::consume_to(std::string_view rest) {
    begin_ = end_ - rest.size();
    if (rest.empty()) clear();
}

std::span<char> InputBuffer::room(std::size_t octets) {
    const std::string_view kept = unread();
    if (capacity_ - end_ < octets) {
        const std::size_t wanted = kept.size() + octets;
        std::unique_ptr<char[]> larger;
        if (wanted > capacity_) larger = std::make_unique_for_overwrite<char[]>(wanted);
        char* const to = larger ? larger.get() : octets_.get();
        if (!kept.empty()) std::memmove(to, kept.data(), kept.size());
        end_ = kept.size();
        begin_ = 0;
        if (larger) {
            octets_ = std::move(larger);
            capacity_ = wanted;
        }
    }
    return {octets_.get() + end_, octets};
}

void InputBuffer::shrink_below(std::size_t octets) {
    if (capacity_ < octets) return;
    octets_.reset();
    capacity_ = 0;
    clear();
}

}  // namespace gatepost::server
