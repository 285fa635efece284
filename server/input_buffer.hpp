// Octets that were read and are not used up yet. Unlike a string it does not clear the room that is read
// into.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace gatepost::server {

class InputBuffer {
  public:
    std::string_view unread() const { return {octets_.get() + begin_, end_ - begin_}; }
    // Used up are all but `rest`, the end of unread().
    void consume_to(std::string_view rest);
    void clear() { begin_ = end_ = 0; }

    // Room for `octets` more behind those that are unread; views into the buffer are void after that.
    std::span<char> room(std::size_t octets);
    // So many of the room's octets were filled.
    void received(std::size_t octets) { end_ += octets; }

    // Gives up a room of `octets` or more; nothing may be unread.
    void shrink_below(std::size_t octets);

  private:
    std::unique_ptr<char[]> octets_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace gatepost::server
