/* Whether the compiler can link what is asked of it. */
int main(void) {
    return 0;
}
