"""Reading an organization from AWS into a folder of answers: nothing else talks to AWS, and only read calls."""
